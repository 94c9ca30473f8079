import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Writes formulas of TeX as MathML, which browsers draw by themselves: the commands that the guides
 * use. What it does not know is an error, not a guess.
 */
final class MathMl {

  /** A formula by itself in a page of HTML. */
  private static final Pattern FORMULA = Pattern.compile("\\$\\$(.+?)\\$\\$", Pattern.DOTALL);

  private static final Pattern TOKEN = Pattern.compile("\\\\[A-Za-z]+|\\d+|\\S");

  private static final Map<String, String> SYMBOLS =
      Map.ofEntries(
          Map.entry("\\cdot", "<mo>⋅</mo>"),
          Map.entry("\\sum", "<mo>∑</mo>"),
          Map.entry("\\partial", "<mi>∂</mi>"),
          Map.entry("\\mu", "<mi>μ</mi>"),
          Map.entry("\\sigma", "<mi>σ</mi>"),
          Map.entry("\\lambda", "<mi>λ</mi>"),
          Map.entry("\\theta", "<mi>θ</mi>"),
          Map.entry("\\epsilon", "<mi>ε</mi>"),
          Map.entry("\\cos", "<mi>cos</mi><mo>&#x2061;</mo>"),
          Map.entry("\\qquad", "<mspace width=\"2em\"/>"),
          Map.entry("|", "<mo stretchy=\"false\" lspace=\"0\" rspace=\"0\">|</mo>"),
          Map.entry("'", "<mo>′</mo>"),
          Map.entry("-", "<mo>−</mo>"));

  private final Matcher tokens;
  private String next = "";

  private MathMl(String tex) {
    tokens = TOKEN.matcher(tex);
    advance();
  }

  /** Returns a page with its formulas between dollars written as MathML. */
  static String inPage(String html) {
    return FORMULA
        .matcher(html)
        .replaceAll(formula ->
            Matcher.quoteReplacement(
                "<span class=\"formula\"><math display=\"block\">"
                    + of(tex(formula.group(1)))
                    + "</math></span>"));
  }

  /** Undoes what Markdown does to a formula: two subscripts look like stressed words to it. */
  private static String tex(String html) {
    String tex = html.replaceAll("</?em>", "_");
    if (tex.contains("<")) {
      throw new IllegalStateException("formula '%s': expected no other markup".formatted(html));
    }
    return tex.replace("&lt;", "<").replace("&gt;", ">");
  }

  private static String of(String tex) {
    MathMl reader = new MathMl(tex);
    String written = reader.row("");
    if (!reader.next.isEmpty()) {
      throw new IllegalStateException("formula '%s': a '%s' too many".formatted(tex, reader.next));
    }
    return written;
  }

  private void advance() {
    next = tokens.find() ? tokens.group() : "";
  }

  private String take() {
    String taken = next;
    advance();
    return taken;
  }

  /** Reads up to a token, or to the end. */
  private String row(String end) {
    StringBuilder row = new StringBuilder("<mrow>");
    while (!next.equals(end) && !next.isEmpty()) {
      row.append(scripted());
    }
    return row.append("</mrow>").toString();
  }

  /** Reads an atom with what is below and above it. */
  private String scripted() {
    boolean isSum = next.equals("\\sum");
    String base = atom();
    String prime = next.equals("'") ? atom() : "";
    String lower = next.equals("_") ? script() : "";
    String upper = next.equals("^") ? script() : prime;
    if (lower.isEmpty()) {
      return upper.isEmpty() ? base : "<msup>%s%s</msup>".formatted(base, upper);
    }
    return upper.isEmpty()
        ? "<%1$s>%2$s%3$s</%1$s>".formatted(isSum ? "munder" : "msub", base, lower)
        : "<msubsup>%s%s%s</msubsup>".formatted(base, lower, upper);
  }

  private String script() {
    take();
    return atom();
  }

  private String group() {
    String open = take();
    if (!open.equals("{")) {
      throw new IllegalStateException("formula: '%s'; expected '{'".formatted(open));
    }
    String row = row("}");
    take();
    return row;
  }

  private String atom() {
    if (next.equals("{")) {
      return group();
    }
    String token = take();
    String symbol = SYMBOLS.get(token);
    return switch (token) {
      case String _ when symbol != null -> symbol;
      case "\\frac" -> "<mfrac>%s%s</mfrac>".formatted(group(), group());
      case "\\sqrt" -> "<msqrt>%s</msqrt>".formatted(group());
      case "\\hat" ->
          "<mover accent=\"true\">%s<mo stretchy=\"false\">^</mo></mover>".formatted(group());
      case "\\mathrm" -> "<mi>%s</mi>".formatted(group().replaceAll("<[^>]*>", ""));
      case "\\left" -> {
        String open = take();
        String inside = row("\\right");
        take();
        yield "<mrow><mo>%s</mo>%s<mo>%s</mo></mrow>".formatted(open, inside, take());
      }
      case "\\bigg" -> "<mo stretchy=\"false\" mathsize=\"2.2em\">%s</mo>".formatted(take());
      case String command when command.startsWith("\\") ->
          throw new IllegalStateException("formula: an unknown command %s".formatted(command));
      case String number when Character.isDigit(number.charAt(0)) -> "<mn>" + number + "</mn>";
      case String letter when Character.isLetter(letter.codePointAt(0)) ->
          "<mi>" + letter + "</mi>";
      case String operator -> "<mo stretchy=\"false\">" + operator + "</mo>";
    };
  }
}
