package dev.adjoint.training.report;

import com.google.common.base.Splitter;
import com.google.common.escape.Escaper;
import com.google.common.xml.XmlEscapers;
import java.util.ArrayList;
import java.util.List;

/**
 * The elements of a picture in SVG, which are written one after the other.
 *
 * @hidden
 */
public final class Svg {

  /** The size of all text but titles, in units of a picture. */
  public static final int FONT_SIZE = 12;

  /** The distance between two lines of text. */
  public static final int LINE = 17;

  private static final String NARROW = " .,:;'|!ijlIft()[]-/\"";
  private static final String WIDE = "mwMW%@";
  private static final Escaper ESCAPER = XmlEscapers.xmlAttributeEscaper();

  private final StringBuilder xml = new StringBuilder();

  /** Creates an empty picture. */
  public Svg() {}

  /** Begins an element. */
  public Svg open(String tag, Object... attributes) {
    begin(tag, attributes);
    xml.append('>');
    return this;
  }

  /** Ends the element that was begun last. */
  public Svg close(String tag) {
    xml.append("</").append(tag).append('>');
    return this;
  }

  /** Adds an element with nothing inside. */
  public Svg element(String tag, Object... attributes) {
    begin(tag, attributes);
    xml.append("/>");
    return this;
  }

  /** Adds a rectangle. */
  public Svg rectangle(String cssClass, double x, double y, double width, double height) {
    return element("rect", "class", cssClass, "x", x, "y", y, "width", width, "height", height);
  }

  /** Adds a path with this path data. */
  public Svg path(String cssClass, Object data) {
    return element("path", "class", cssClass, "d", data);
  }

  /** Adds text; the class says to which side of the place it goes. */
  public Svg text(String cssClass, double x, double y, String text) {
    return open("text", "class", cssClass, "x", x, "y", y).content(text).close("text");
  }

  /** Adds the text of the element that was begun last. */
  public Svg content(String text) {
    xml.append(ESCAPER.escape(text));
    return this;
  }

  private void begin(String tag, Object... attributes) {
    xml.append('<').append(tag);
    for (int i = 0; i < attributes.length; i += 2) {
      Object value = attributes[i + 1];
      xml.append(' ').append(attributes[i]).append("=\"");
      xml.append(value instanceof Double d ? number(d) : ESCAPER.escape(value.toString()));
      xml.append('"');
    }
  }

  /** Adds what is XML already. */
  public Svg raw(String text) {
    xml.append(text);
    return this;
  }

  @Override
  public String toString() {
    return xml.toString();
  }

  /** Writes a number to a tenth. */
  public static String number(double value) {
    return tenths(Math.round(10 * value));
  }

  /** Writes a number of tenths as short as it goes: {@code -.3}. */
  static String tenths(long tenths) {
    long size = Math.abs(tenths);
    String whole = size < 10 && size > 0 ? "" : Long.toString(size / 10);
    return (tenths < 0 ? "-" : "") + whole + (size % 10 == 0 ? "" : "." + size % 10);
  }

  /** Returns the attribute {@code viewBox} of a picture with this rectangle in it. */
  public static String viewBox(double x, double y, double width, double height) {
    return "%s %s %s %s".formatted(number(x), number(y), number(width), number(height));
  }

  /** Estimates how wide a text is: fonts differ, and this is about the widest of them. */
  public static double width(String text) {
    return text.codePoints().mapToDouble(Svg::width).sum() * FONT_SIZE;
  }

  /** Estimates the width of a character, relative to the size of the font. */
  private static double width(int c) {
    if (NARROW.indexOf(c) >= 0) {
      return 0.4;
    }
    if (WIDE.indexOf(c) >= 0) {
      return 0.98;
    }
    return Character.isUpperCase(c) ? 0.72 : c < 0x250 ? 0.63 : 1;
  }

  /** Breaks a text between words into lines that are not wider than there is room. */
  static List<String> lines(String text, double room) {
    List<String> lines = new ArrayList<>();
    for (String word : Splitter.on(' ').split(text)) {
      String longer = lines.isEmpty() ? word : lines.getLast() + " " + word;
      if (!lines.isEmpty() && width(longer) <= room) {
        lines.set(lines.size() - 1, longer);
      } else {
        lines.add(word);
      }
    }
    return lines;
  }

  /** Returns a text, shortened so that it is not wider than there is room. */
  public static String fitted(String text, double room) {
    if (width(text) <= room) {
      return text;
    }
    int end = text.length();
    while (end > 0 && width(text.substring(0, end) + "…") > room) {
      end = text.offsetByCodePoints(end, -1);
    }
    return text.substring(0, end) + "…";
  }
}
