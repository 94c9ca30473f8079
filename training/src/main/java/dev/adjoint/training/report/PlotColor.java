package dev.adjoint.training.report;

import java.util.Locale;

/**
 * A color of a series, after a palette that people with any kind of color vision tell apart (Okabe
 * and Ito 2008, "Color universal design"), darkened for white pages and lightened for dark ones.
 *
 * <p>Each has a shape too, for black-and-white paper. A plot has at most one series of each.
 */
public enum PlotColor {
  /** A blue. */
  BLUE(0x0072B2, 0x5AB0EE, Marker.CIRCLE),
  /** A red that leans to orange. */
  VERMILION(0xD55E00, 0xFF8A3D, Marker.DIAMOND),
  /** A green that leans to blue. */
  GREEN(0x008A64, 0x2FC79A, Marker.TRIANGLE),
  /** A pale red that leans to blue. */
  PURPLE(0xB5568E, 0xE391C2, Marker.UPSIDE_DOWN),
  /** A yellow that leans to red; ochre on white. */
  ORANGE(0x957300, 0xE8C14A, Marker.PLUS),
  /** A gray, for the reference that other series are compared with. */
  GRAY(0x6B6B6B, 0xA6A6A6, Marker.SQUARE);

  private final int light;
  private final int dark;
  private final Marker marker;

  PlotColor(int light, int dark, Marker marker) {
    this.light = light;
    this.dark = dark;
    this.marker = marker;
  }

  /** Returns red, green and blue on a light page, as in 0x0072B2. */
  public int light() {
    return light;
  }

  /** Returns red, green and blue on a dark page. */
  int dark() {
    return dark;
  }

  Marker marker() {
    return marker;
  }

  /**
   * Returns the name of the class that has this color in the style of plots.
   *
   * @hidden
   */
  public String cssClass() {
    return name().toLowerCase(Locale.ROOT);
  }
}
