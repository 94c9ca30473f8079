package dev.adjoint.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ViewTest {

  private static final Tensor X = Tensors.arange(24).reshape(2, 3, 4).copy();

  @Test
  void viewsShareTheElements() {
    List<UnaryOperator<Tensor>> views =
        List.of(
            x -> x.reshape(6, 4),
            x -> x.flatten(0, 1),
            x -> x.permute(2, 0, 1),
            Tensor::transpose,
            x -> x.slice(2, 1, 4, 2),
            x -> x.select(1, 2),
            x -> x.unsqueeze(1),
            x -> x.unsqueeze(1).squeeze(1),
            x -> x.unsqueeze(0).expand(5, 2, 3, 4),
            x -> x.flip(0, 2),
            x -> x.split(1, 1, 2).get(1),
            x -> x.chunk(2, 0).get(1),
            Tensor::contiguous,
            Tensor::tracked,
            x -> x.slice(1, 1, 2).squeeze(1),
            x -> x.transpose().select(1, 0).unsqueeze(1),
            x -> x.slice(1, 0, 3, 2).reshape(2, 2, 2, 2),
            x -> x.flip(2).reshape(6, 4),
            x -> x.permute(1, 0, 2).reshape(3, 2, 1, 4, 1));
    for (int i = 0; i < views.size(); i++) {
      assertThat(views.get(i).apply(X).storage()).as("view %d", i).isSameAs(X.storage());
    }
  }

  @Test
  void copiesDoNotShareTheElements() {
    assertThat(X.copy().storage()).isNotSameAs(X.storage());
    assertThat(X.transpose().contiguous().storage()).isNotSameAs(X.storage());
    assertThat(X.transpose().reshape(24).storage()).isNotSameAs(X.storage());
    assertThat(X.flip(0, 1).reshape(24).toFloatArray()).startsWith(20, 21, 22, 23, 16);
  }

  @Test
  void aViewThatChangesNothingIsTheTensorItself() {
    assertThat(X.reshape(2, 3, 4)).isSameAs(X);
    assertThat(X.permute(0, 1, 2)).isSameAs(X);
    assertThat(X.expand(2, -1, 4)).isSameAs(X);
    assertThat(X.slice(1, 0, 99)).isSameAs(X);
    assertThat(X.to(DType.FLOAT32)).isSameAs(X);
    assertThat(X.pad(0, 0, 0, 1)).isSameAs(X);
    assertThat(X.roll(3, 1)).isSameAs(X);
  }

  @Test
  void slicesAreLimitedAsInPython() {
    Tensor x = Tensors.arange(5);
    assertThat(x.slice(0, 1, 3).toFloatArray()).containsExactly(1, 2);
    assertThat(x.slice(0, -2, 99).toFloatArray()).containsExactly(3, 4);
    assertThat(x.slice(0, -99, -3).toFloatArray()).containsExactly(0, 1);
    assertThat(x.slice(0, 3, 1).toFloatArray()).isEmpty();
    assertThat(x.slice(0, 99, 100).toFloatArray()).isEmpty();
    assertThat(x.slice(0, 0, 5, 2).toFloatArray()).containsExactly(0, 2, 4);
    assertThat(x.slice(0, 1, 5, Integer.MAX_VALUE).toFloatArray()).containsExactly(1);
    assertThat(x.slice(0, Integer.MIN_VALUE, Integer.MAX_VALUE, 4).toFloatArray())
        .containsExactly(0, 4);
    assertThat(x.roll(Integer.MIN_VALUE, 0).toFloatArray())
        .isEqualTo(x.roll(Math.floorMod((long) Integer.MIN_VALUE, 5), 0).toFloatArray());
  }

  @Test
  void partsOfNothingAreNothing() {
    Tensor x = X.slice(0, 2, 2).slice(1, 3, 3).slice(2, 4, 4);
    assertThat(x.shape()).isEqualTo(Shape.of(0, 0, 0));
    assertThat(x.toFloatArray()).isEmpty();
    assertThat(X.slice(0, 2, 2).flip(1, 2).transpose().reshape(4, -1).shape())
        .isEqualTo(Shape.of(4, 0));
    assertThat(X.slice(2, 4, 4).sum(2).toFloatArray()).containsOnly(0).hasSize(6);
    assertThatCode(() -> X.slice(1, 3, 3).permute(2, 1, 0).plus(1).exp().matmul(Tensors.ones(2, 5)))
        .doesNotThrowAnyException();
    assertThat(Tensors.zeros(0, 3).chunk(2, 0)).hasSize(1);
  }

  @Test
  void splitsAndChunksCoverTheAxis() {
    Tensor x = Tensors.arange(7);
    assertThat(x.chunk(3, 0)).extracting(Tensor::size).containsExactly(3, 3, 1);
    assertThat(x.chunk(Integer.MAX_VALUE, 0)).hasSize(7);
    assertThat(x.split(0, 0, 7)).extracting(Tensor::size).containsExactly(0, 7);
    assertThat(x.chunk(3, 0).get(2).item()).isEqualTo(6);
  }

  static IntStream seeds() {
    return IntStream.range(0, 400);
  }

  /** Views of views of views, beside the same steps on a list of positions. */
  @ParameterizedTest
  @MethodSource("seeds")
  void chainsOfViewsShowTheRightElements(int seed) {
    Random random = new Random(seed);
    Tensor tensor =
        Tensors.arange(48)
            .reshape(random.nextBoolean() ? new int[] {4, 12} : new int[] {2, 1, 6, 4});
    int[] sizes = tensor.shape().toArray();
    double[] expected = tensor.toDoubleArray();
    List<String> steps = new ArrayList<>();
    for (int step = 0; step < 6; step++) {
      Reference next = Reference.step(random, sizes, expected, steps);
      tensor = next.apply(tensor);
      sizes = next.sizes();
      expected = next.values();
      assertThat(tensor.shape().toArray()).as("%s", steps).isEqualTo(sizes);
      assertThat(tensor.toDoubleArray()).as("%s", steps).isEqualTo(expected);
      assertThat(tensor.plus(0).toDoubleArray()).as("%s", steps).isEqualTo(expected);
    }
  }

  /** A step as the tensor does it, and what it gives by plain index arithmetic. */
  private record Reference(UnaryOperator<Tensor> view, int[] sizes, double[] values) {

    Tensor apply(Tensor x) {
      return view.apply(x);
    }

    @SuppressWarnings("RefactorSwitch") // every step is a block with a return of its own
    static Reference step(Random random, int[] sizes, double[] values, List<String> steps) {
      int rank = sizes.length;
      int axis = rank == 0 ? 0 : random.nextInt(rank);
      int kind = rank == 0 ? 5 : random.nextInt(7);
      switch (kind) {
        case 0 -> { // a slice
          int n = sizes[axis];
          int from = random.nextInt(n + 1);
          int to = random.nextInt(4) == 0 ? from : n;
          int by = 1 + random.nextInt(3);
          steps.add("slice %d %d %d %d".formatted(axis, from, to, by));
          int[] result = sizes.clone();
          result[axis] = Math.ceilDiv(to - from, by);
          return of(
              x -> x.slice(axis, from, to, by),
              sizes,
              values,
              result,
              i -> {
                i[axis] = from + by * i[axis];
                return i;
              });
        }
        case 1 -> { // a flip
          steps.add("flip " + axis);
          return of(
              x -> x.flip(axis),
              sizes,
              values,
              sizes,
              i -> {
                i[axis] = sizes[axis] - 1 - i[axis];
                return i;
              });
        }
        case 2, 3 -> { // a transposition
          int other = random.nextInt(rank);
          steps.add("transpose %d %d".formatted(axis, other));
          int[] result = swapped(sizes, axis, other);
          return of(
              x -> x.transpose(axis, other), sizes, values, result, i -> swapped(i, axis, other));
        }
        case 4 -> { // an expansion where there is an axis of size 1
          if (sizes[axis] != 1) {
            return step(random, sizes, values, steps);
          }
          steps.add("expand " + axis);
          int[] result = sizes.clone();
          result[axis] = random.nextInt(4);
          return of(
              x -> x.expand(result),
              sizes,
              values,
              result,
              i -> {
                i[axis] = 0;
                return i;
              });
        }
        default -> { // another shape
          int[] result = reshaped(random, sizes);
          steps.add("reshape " + Arrays.toString(result));
          return new Reference(x -> x.reshape(result), result, values);
        }
      }
    }

    /** Joins two axes, or splits one, or adds one of size 1, or drops one. */
    @SuppressWarnings("ListRemoveAmbiguous") // by index
    private static int[] reshaped(Random random, int[] sizes) {
      List<Integer> result = new ArrayList<>(Arrays.stream(sizes).boxed().toList());
      int at = random.nextInt(result.size() + 1);
      if (at < result.size() && result.get(at) == 1) {
        result.remove(at);
      } else if (at < result.size() && result.get(at) % 2 == 0 && result.size() < 6) {
        result.set(at, result.get(at) / 2);
        result.add(at, 2);
      } else if (at > 0 && at < result.size()) {
        int joined = result.remove(at - 1);
        result.set(at - 1, result.get(at - 1) * joined);
      } else if (result.size() < 6) {
        result.add(at, 1);
      }
      return result.stream().mapToInt(i -> i).toArray();
    }

    private static int[] swapped(int[] array, int a, int b) {
      int[] result = array.clone();
      result[a] = array[b];
      result[b] = array[a];
      return result;
    }

    /** Takes each element of the result from where it was. */
    private static Reference of(
        UnaryOperator<Tensor> view,
        int[] sizes,
        double[] values,
        int[] result,
        UnaryOperator<int[]> source) {
      int n = Arrays.stream(result).reduce(1, (a, b) -> a * b);
      double[] moved = new double[n];
      for (int position = 0; position < n; position++) {
        int[] index = new int[result.length];
        for (int a = result.length - 1, rest = position; a >= 0; a--) {
          index[a] = rest % result[a];
          rest /= result[a];
        }
        int[] from = source.apply(index);
        int old = 0;
        for (int a = 0; a < sizes.length; a++) {
          old = old * sizes[a] + from[a];
        }
        moved[position] = values[old];
      }
      return new Reference(view, result, moved);
    }
  }

  @Test
  void sizesThatDoNotFitAreToldTheNumberOfElements() {
    assertThatThrownBy(() -> Tensors.zeros(4, 3).reshape(-1, 5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "reshape: shape (4, 3) has 12 elements; expected sizes with this product, one of them perhaps -1, not [-1, 5]");
  }
}
