package dev.adjoint.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.autodiff.Backward;
import dev.adjoint.autodiff.Node;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.TensorArithmetic;
import dev.adjoint.tensor.TensorReductions;
import dev.adjoint.tensor.TensorViews;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Names every operation that the table forgot. */
class OpTableTest {

  /**
   * Where methods of Tensor, mapped functions and forward mode lead: covered by the rows of those
   * methods.
   */
  private static final Set<Class<?>> BEHIND_METHODS =
      Set.of(
          ArgExtreme.class,
          BatchedInputs.class,
          Cast.class,
          Clamp.class,
          Contiguous.class,
          CumulativeSum.class,
          Lerp.class,
          Movement.class,
          Ordering.class,
          Pad.class,
          Reductions.class,
          Tangent.class);

  /** A function that a method of Tensor leads to. */
  private static final String BEHIND_METHOD = "MatMul.apply(Tensor, Tensor)";

  /** Creation, what a tensor is, reading, gradients, and the engine's view of it: no operations. */
  private static final Set<String> NO_OPERATION =
      Set.of(
          "shape",
          "size",
          "rank",
          "dtype",
          "item",
          "get",
          "toFloatArray",
          "toDoubleArray",
          "toNestedArray",
          "toString",
          "tracked",
          "isTracked",
          "backward",
          "view",
          "alias",
          "examples",
          "sharesElements",
          "untracked",
          "storage",
          "ownStorage",
          "strides",
          "offset",
          "isContiguous",
          "node",
          "madeBy",
          "isViewOf",
          "checkAfterReading");

  @Test
  void everyPrimitiveHasARow() {
    Set<String> missing = OpTable.keys(Primitive.class);
    OpTable.rows().forEach(row -> missing.removeAll(row.primitives()));
    assertThat(missing).as("primitives without a row in OpTable").isEmpty();
  }

  @Test
  void noRowNamesAPrimitiveThatIsNotThere() {
    Set<String> primitives = OpTable.keys(Primitive.class);
    assertThat(OpTable.rows())
        .allSatisfy(row -> assertThat(primitives).as(row.name()).containsAll(row.primitives()));
  }

  @Test
  void everyMethodOfTensorHasARow() {
    Set<String> missing =
        Stream.of(Tensor.class, TensorArithmetic.class, TensorReductions.class, TensorViews.class)
            .flatMap(type -> Arrays.stream(type.getDeclaredMethods()))
            .filter(OpTableTest::isPublic)
            .filter(method -> !Modifier.isStatic(method.getModifiers()))
            .filter(method -> !NO_OPERATION.contains(method.getName()))
            .map(OpTableTest::signature)
            .collect(Collectors.toCollection(TreeSet::new));
    missing.removeAll(coveredMethods());
    assertThat(missing).as("methods of Tensor without a row in OpTable").isEmpty();
  }

  @Test
  void everyFunctionOfATopicClassHasARow() throws IOException, ClassNotFoundException {
    Set<String> missing = new TreeSet<>(functions());
    missing.removeAll(coveredMethods());
    missing.remove(BEHIND_METHOD);
    assertThat(missing).as("functions in dev.adjoint.op without a row in OpTable").isEmpty();
  }

  @Test
  void noRowNamesAMethodThatIsNotThere() throws IOException, ClassNotFoundException {
    Set<String> methods =
        Stream.of(TensorArithmetic.class, TensorReductions.class, TensorViews.class)
            .flatMap(type -> Arrays.stream(type.getDeclaredMethods()))
            .map(OpTableTest::signature)
            .collect(Collectors.toSet());
    methods.addAll(functions());
    assertThat(methods).containsAll(coveredMethods());
  }

  @Test
  void namesOfRowsAreUnique() {
    assertThat(OpTable.rows().stream().map(OpCase::name)).doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.op.OpTable#rows")
  void aRowUsesThePrimitivesItNames(OpCase row) {
    Set<String> used = new TreeSet<>();
    for (DType dtype : DType.values()) {
      Tensor[] x =
          Arrays.stream(OpCase.tensors(row.numbers(row.small()), dtype))
              .map(Tensor::tracked)
              .toArray(Tensor[]::new);
      Tensor y = row.function().apply(x);
      used.addAll(primitives(y));
      if (row.order() == 0) {
        assertThat(y.isTracked()).as("tracked, although of order 0").isFalse();
      } else {
        // A tracked seed brings the pullbacks of linear operations into the graph, too.
        Tensor seed = OpCase.weights(y).tracked();
        var gradients = Backward.wrt(x).seed(seed).createGraph().of(y);
        Arrays.stream(x)
            .filter(gradients::contains)
            .forEach(input -> used.addAll(primitives(gradients.of(input))));
      }
    }
    if (row.order() != 0) {
      assertThat(used).containsAll(row.primitives());
    }
  }

  /** Returns the keys of all primitives in the graph of a tensor. */
  private static Set<String> primitives(Tensor root) {
    Set<String> keys = new TreeSet<>();
    Set<Node> seen = new HashSet<>();
    Deque<Tensor> open = new ArrayDeque<>(List.of(root));
    for (Tensor tensor; (tensor = open.poll()) != null; ) {
      Node node = tensor.node();
      if (node != null && seen.add(node)) {
        if (node.primitive() != null) {
          keys.add(OpTable.key(node.primitive()));
        }
        open.addAll(node.inputs());
      }
    }
    return keys;
  }

  private static Set<String> coveredMethods() {
    return OpTable.rows().stream()
        .flatMap(row -> row.methods().stream())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Returns the public static functions of the public classes in {@code dev.adjoint.op}. */
  private static Set<String> functions() throws IOException, ClassNotFoundException {
    List<Class<?>> classes = new ArrayList<>();
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(Path.of("target/classes/dev/adjoint/op"), "*.class")) {
      for (Path file : files) {
        String name = file.getFileName().toString().replace(".class", "");
        if (!name.endsWith("package-info")) {
          classes.add(Class.forName("dev.adjoint.op." + name));
        }
      }
    }
    assertThat(classes).contains(Joining.class);
    return classes.stream()
        .filter(type -> Modifier.isPublic(type.getModifiers()))
        .filter(type -> !BEHIND_METHODS.contains(type))
        .flatMap(type -> Arrays.stream(type.getDeclaredMethods()))
        .filter(method -> isPublic(method) && Modifier.isStatic(method.getModifiers()))
        .filter(method -> !method.getName().equals("valueOf") && !method.getName().equals("values"))
        .map(method -> method.getDeclaringClass().getSimpleName() + "." + signature(method))
        .collect(Collectors.toSet());
  }

  private static boolean isPublic(Method method) {
    return Modifier.isPublic(method.getModifiers()) && !method.isSynthetic();
  }

  private static String signature(Method method) {
    return Arrays.stream(method.getParameterTypes())
        .map(Class::getSimpleName)
        .collect(Collectors.joining(", ", method.getName() + "(", ")"));
  }
}
