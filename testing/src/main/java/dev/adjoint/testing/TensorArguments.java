package dev.adjoint.testing;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.provider.AnnotationBasedArgumentsProvider;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.support.ParameterDeclarations;

/** Draws the tensors for {@link TensorSource}, which brings this provider along. */
public final class TensorArguments extends AnnotationBasedArgumentsProvider<TensorSource> {

  /** Creates the provider, for JUnit. */
  public TensorArguments() {}

  @Override
  protected Stream<? extends Arguments> provideArguments(
      ParameterDeclarations parameters, ExtensionContext test, TensorSource source) {
    return Arrays.stream(source.dtypes())
        .flatMap(dtype -> tensors(source, dtype))
        .map(tensor -> Arguments.of(tensor));
  }

  private static Stream<Named<Tensor>> tensors(TensorSource source, DType dtype) {
    Shape shape = Shape.of(source.shape());
    int last = shape.rank() - 1;
    Stream.Builder<Named<Tensor>> all = Stream.builder();
    all.add(named("contiguous", draw(source, dtype, shape)));
    if (shape.rank() > 1) {
      int[] backwards = IntStream.rangeClosed(0, last).map(axis -> last - axis).toArray();
      int[] sizes = IntStream.of(backwards).map(shape::size).toArray();
      all.add(named("transposed", draw(source, dtype, Shape.of(sizes)).permute(backwards)));
    }
    if (shape.rank() > 0) {
      int size = shape.size(last);
      Tensor wide = draw(source, dtype, shape.with(last, 2 * size));
      all.add(named("stepped", wide.slice(last, 0, 2 * size, 2)));
      all.add(named("flipped", draw(source, dtype, shape).flip(last)));
      all.add(named("expanded", draw(source, dtype, shape.with(last, 1)).expand(shape)));
      if (source.edges()) {
        all.add(named("empty", draw(source, dtype, shape.with(0, 0))));
        all.add(named("single", draw(source, dtype, shape.with(0, 1))));
      }
    }
    return all.build();
  }

  private static Tensor draw(TensorSource source, DType dtype, Shape shape) {
    return Generator.seeded(source.seed()).normal(0, 1, shape, dtype);
  }

  private static Named<Tensor> named(String layout, Tensor tensor) {
    return Named.of("%s %s %s".formatted(tensor.dtype(), tensor.shape(), layout), tensor);
  }
}
