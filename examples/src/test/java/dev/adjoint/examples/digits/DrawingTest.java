package dev.adjoint.examples.digits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
import org.junit.jupiter.api.Test;

class DrawingTest {

  @Test
  void aPathHasStrokesOfCurves() {
    List<Stroke> strokes = Stroke.parse("M 0 0 L 3 6 C 4 6 5 5 5 4 M 9 9 L 9 0");
    assertThat(strokes).hasSize(2);
    assertThat(strokes.getFirst().points()).hasSize(7);
    assertThat(strokes.getFirst().points().get(3)).isEqualTo(new Point(3, 6));
    assertThat(strokes.getFirst().points().get(5)).isEqualTo(new Point(5, 5));
    assertThat(strokes.getLast().points().getFirst()).isEqualTo(new Point(9, 9));
  }

  @Test
  void anOutlineFollowsTheCurves() {
    // A quarter of a circle, by the usual control points.
    double k = 4.0 / 3 * (Math.sqrt(2) - 1);
    Stroke quarter =
        new Stroke(List.of(new Point(1, 0), new Point(1, k), new Point(k, 1), new Point(0, 1)));
    assertThat(quarter.outline())
        .startsWith(new Point(1, 0))
        .endsWith(new Point(0, 1))
        .allSatisfy(p -> assertThat(Math.hypot(p.x(), p.y())).isCloseTo(1, within(3e-4)));
    assertThat(Stroke.parse("M 0 0 L 8 16").getFirst().outline())
        .allSatisfy(p -> assertThat(p.y()).isCloseTo(2 * p.x(), within(1e-12)))
        .extracting(Point::x)
        .isSorted();
  }

  @Test
  void inkFadesOverOnePixel() {
    Canvas canvas = new Canvas(5);
    canvas.line(new Point(0, 2.25), new Point(5, 2.25), 0.75);
    float[] pixels = canvas.pixels();
    // The middles of the rows are at 0.5, 1.5, ...: 1.75, 0.75, 0.25, 1.25 and 2.25 away.
    for (int x = 0; x < 5; x++) {
      assertThat(pixels[x]).isZero();
      assertThat(pixels[5 + x]).isEqualTo(0.5f);
      assertThat(pixels[10 + x]).isEqualTo(1);
      assertThat(pixels[15 + x]).isZero();
      assertThat(pixels[20 + x]).isZero();
    }
  }

  @Test
  void linesHaveRoundEndsAndInkDoesNotAddUp() {
    Canvas canvas = new Canvas(5);
    Point middle = new Point(2.5, 2.5);
    canvas.line(middle, middle, 1);
    float[] once = canvas.pixels();
    canvas.line(middle, middle, 1);
    assertThat(canvas.pixels()).isEqualTo(once);
    assertThat(once[12]).isEqualTo(1);
    assertThat(once[11]).isEqualTo(0.5f);
    assertThat((double) once[6]).isCloseTo(1.5 - Math.sqrt(2), within(1e-7));
    canvas.line(new Point(-9, -9), new Point(-8, 99), 1); // outside
    assertThat(canvas.pixels()).isEqualTo(once);
  }

  @Test
  void imagesStandSideBySideAboveTheirCaptions() {
    Tensor white = Tensors.zeros(28, 28);
    Tensor black = Tensors.ones(28, 28);
    List<String> lines = TextArt.of(List.of(black, white, black), List.of("a", "b", "c"));
    assertThat(lines).hasSize(13);
    assertThat(lines.subList(0, 12)).containsOnly("@".repeat(24) + " ".repeat(28) + "@".repeat(24));
    assertThat(lines.getLast()).isEqualTo("a" + " ".repeat(25) + "b" + " ".repeat(25) + "c");
  }
}
