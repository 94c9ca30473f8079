package dev.adjoint.testing;

import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.lang.reflect.Parameter;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/**
 * Draws the tensors for {@link RandomTensor}, which brings this extension along, and adds their
 * seeds to the failure of a test.
 */
public final class AdjointExtension implements ParameterResolver, TestExecutionExceptionHandler {

  private static final Namespace DRAWN = Namespace.create(AdjointExtension.class);

  /** Says, beside a failure, how to draw the same tensors again. */
  private static final class Drawn extends Exception {
    Drawn(String message) {
      super(message, null, false, false);
    }
  }

  /** Creates the extension, for JUnit. */
  public AdjointExtension() {}

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext test) {
    return parameter.isAnnotated(RandomTensor.class);
  }

  @Override
  public Tensor resolveParameter(ParameterContext context, ExtensionContext test) {
    Parameter parameter = context.getParameter();
    if (parameter.getType() != Tensor.class) {
      throw new ParameterResolutionException(
          "@RandomTensor on %s; expected a parameter of type Tensor".formatted(parameter));
    }
    RandomTensor wanted = context.findAnnotation(RandomTensor.class).orElseThrow();
    long seed =
        wanted.seed() == RandomTensor.BY_TEST
            ? (test.getUniqueId() + context.getDeclaringExecutable() + context.getIndex())
                .hashCode()
            : wanted.seed();
    drawn(test).put(parameter, describe(context, wanted, seed));
    return Generator.seeded(seed).normal(0, 1, Shape.of(wanted.shape()), wanted.dtype());
  }

  @Override
  public void handleTestExecutionException(ExtensionContext test, Throwable failure)
      throws Throwable {
    for (Optional<ExtensionContext> at = Optional.of(test);
        at.isPresent();
        at = at.get().getParent()) { // whose constructors may have drawn, too
      drawn(at.get()).values().stream()
          .sorted()
          .forEach(note -> failure.addSuppressed(new Drawn(note)));
    }
    throw failure;
  }

  /** Returns what was drawn in this context, and not in those around it. */
  @SuppressWarnings("unchecked") // only this class puts something there
  private static Map<Parameter, String> drawn(ExtensionContext test) {
    return test.getStore(DRAWN)
        .computeIfAbsent(
            test.getUniqueId(), key -> new ConcurrentHashMap<Parameter, String>(), Map.class);
  }

  private static String describe(ParameterContext context, RandomTensor wanted, long seed) {
    Parameter parameter = context.getParameter();
    return "%s is @RandomTensor(shape = {%s}, dtype = DType.%s, seed = %s%s)"
        .formatted(
            parameter.isNamePresent() ? parameter.getName() : "parameter " + context.getIndex(),
            Arrays.stream(wanted.shape())
                .mapToObj(String::valueOf)
                .collect(Collectors.joining(", ")),
            wanted.dtype().name(),
            seed,
            seed == (int) seed ? "" : "L");
  }
}
