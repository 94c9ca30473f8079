package dev.adjoint.training.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.training.report.Style.Ink;
import java.util.List;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StyleTest {

  private static final List<ToIntFunction<Ink>> SCHEMES =
      List.of(ink -> ink.light, ink -> ink.dark);

  @Test
  void contrastIsThatOfTheStandard() {
    assertThat(contrast(0x000000, 0xFFFFFF)).isEqualTo(21);
    assertThat(contrast(0xFFFFFF, 0xFFFFFF)).isEqualTo(1);
    assertThat(contrast(0x777777, 0xFFFFFF)).isBetween(4.47, 4.49); // known as just too little
  }

  @ParameterizedTest
  @EnumSource(
      value = Ink.class,
      names = {"TEXT", "QUIET", "GOOD", "BAD", "HALF"})
  void textStandsOutFromPaperAndPanels(Ink ink) {
    for (ToIntFunction<Ink> scheme : SCHEMES) {
      assertThat(contrast(scheme.applyAsInt(ink), scheme.applyAsInt(Ink.PAPER)))
          .isGreaterThanOrEqualTo(4.5);
      assertThat(contrast(scheme.applyAsInt(ink), scheme.applyAsInt(Ink.PANEL)))
          .isGreaterThanOrEqualTo(4.5);
    }
  }

  @ParameterizedTest
  @EnumSource
  void marksStandOutFromPaper(PlotColor color) {
    assertThat(contrast(color.light(), Ink.PAPER.light)).isGreaterThanOrEqualTo(3);
    assertThat(contrast(color.dark(), Ink.PAPER.dark)).isGreaterThanOrEqualTo(3);
  }

  @Test
  void axesStandOutFromPaper() {
    for (ToIntFunction<Ink> scheme : SCHEMES) {
      assertThat(contrast(scheme.applyAsInt(Ink.AXIS), scheme.applyAsInt(Ink.PAPER)))
          .isGreaterThanOrEqualTo(3);
    }
  }

  @Test
  void everyColorIsInTheStyleForBothSchemes() {
    for (PlotColor color : PlotColor.values()) {
      assertThat(Style.ofPlots())
          .contains(".%s { color: #%06x".formatted(color.cssClass(), color.light()))
          .contains(".%s { color: #%06x".formatted(color.cssClass(), color.dark()));
    }
    assertThat(Style.ofPages()).contains(Style.ofPlots());
  }

  /** Returns the contrast of two colors as WCAG 2.2 defines it, from 1 to 21. */
  private static double contrast(int one, int other) {
    double a = luminance(one);
    double b = luminance(other);
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  }

  private static double luminance(int rgb) {
    return 0.2126 * linear(rgb >> 16) + 0.7152 * linear(rgb >> 8) + 0.0722 * linear(rgb);
  }

  private static double linear(int value) {
    double c = (value & 0xFF) / 255.0;
    return c <= 0.04045 ? c / 12.92 : Math.pow((c + 0.055) / 1.055, 2.4);
  }
}
