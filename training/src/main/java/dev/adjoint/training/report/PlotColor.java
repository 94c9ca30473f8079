package dev.adjoint.training.report;

import java.awt.Color;

/**
 * Names the colors of series, which people with any kind of color vision tell apart (Okabe and Ito
 * 2008, "Color universal design"; without the yellow, which paper swallows).
 */
public enum PlotColor {
  /** As far from the background as text is: for what the others are compared with. */
  GRAY(0x6B6B6B),
  /** A dark blue. */
  BLUE(0x0072B2),
  /** A red that leans to orange. */
  VERMILION(0xD55E00),
  /** A green that leans to blue. */
  GREEN(0x009E73),
  /** A pale red that leans to blue. */
  PURPLE(0xCC79A7),
  /** A light blue. */
  SKY(0x56B4E9),
  /** A yellow that leans to red. */
  ORANGE(0xE69F00);

  private final Color awt;

  PlotColor(int rgb) {
    awt = new Color(rgb);
  }

  Color awt() {
    return awt;
  }

  /** Returns this color, half seen through, as bands have it. */
  Color pale() {
    return new Color(awt.getRed(), awt.getGreen(), awt.getBlue(), 50);
  }
}
