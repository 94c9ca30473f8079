package dev.adjoint.training.report;

import java.awt.Color;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Names the colors of series, which people with any kind of color vision tell apart (Okabe and Ito
 * 2008, "Color universal design"; without the yellow, which paper swallows).
 */
public enum PlotColor {
  /** As far from the background as text is: for what the others are compared with. */
  GRAY(0x6B6B6B, SeriesMarkers.CIRCLE),
  /** A dark blue. */
  BLUE(0x0072B2, SeriesMarkers.SQUARE),
  /** A red that leans to orange. */
  VERMILION(0xD55E00, SeriesMarkers.DIAMOND),
  /** A green that leans to blue. */
  GREEN(0x009E73, SeriesMarkers.TRIANGLE_UP),
  /** A pale red that leans to blue. */
  PURPLE(0xCC79A7, SeriesMarkers.TRIANGLE_DOWN),
  /** A light blue. */
  SKY(0x56B4E9, SeriesMarkers.CIRCLE),
  /** A yellow that leans to red. */
  ORANGE(0xE69F00, SeriesMarkers.SQUARE);

  private final Color awt;
  private final Marker marker;

  PlotColor(int rgb, Marker marker) {
    awt = new Color(rgb);
    this.marker = marker;
  }

  Color awt() {
    return awt;
  }

  /** Returns how points of this color are drawn, so that they differ on black-and-white paper. */
  Marker marker() {
    return marker;
  }

  /** Returns this color, half seen through, as bands have it. */
  Color pale() {
    return new Color(awt.getRed(), awt.getGreen(), awt.getBlue(), 50);
  }
}
