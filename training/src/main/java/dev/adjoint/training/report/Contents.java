package dev.adjoint.training.report;

import java.util.ArrayList;
import java.util.List;

/** The list of a page's headings, with the claims below each. */
final class Contents {

  private record Claim(Verdict verdict, String text) {}

  private record Part(String heading, List<Claim> claims) {}

  private final List<Part> parts = new ArrayList<>();

  /** Adds a heading and returns its number, from 1. */
  int add(String heading) {
    parts.add(new Part(heading, new ArrayList<>()));
    return parts.size();
  }

  /** Adds a claim to the last heading. */
  void add(Verdict verdict, String claim) {
    if (!parts.isEmpty()) {
      parts.getLast().claims.add(new Claim(verdict, claim));
    }
  }

  /** Returns the list; nothing where it would have one entry. */
  String html() {
    if (parts.size() < 2) {
      return "";
    }
    boolean claims = parts.stream().anyMatch(part -> !part.claims.isEmpty());
    StringBuilder list = new StringBuilder("<nav aria-label=\"Contents\"><ul");
    list.append(claims ? " class=\"claims\">\n" : ">\n");
    for (int i = 0; i < parts.size(); i++) {
      list.append("<li><a href=\"#part-%s\">".formatted(i + 1));
      list.append(Page.escaped(parts.get(i).heading)).append("</a>");
      append(list, parts.get(i).claims);
      list.append("</li>\n");
    }
    return list.append("</ul></nav>\n").toString();
  }

  private static void append(StringBuilder list, List<Claim> claims) {
    if (!claims.isEmpty()) {
      list.append("<ul>\n");
      claims.forEach(claim ->
          list.append(
              "<li>%s %s</li>\n".formatted(verdict(claim.verdict), Page.escaped(claim.text))));
      list.append("</ul>");
    }
  }

  /** Returns a verdict with its mark, in its color. */
  static String verdict(Verdict verdict) {
    return "<span class=\"verdict %s\">%s %s</span>"
        .formatted(verdict.cssClass(), verdict.mark(), verdict);
  }
}
