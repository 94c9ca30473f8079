package dev.adjoint.onnx;

import com.google.common.collect.ImmutableSortedMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The operators that are supported, by name. */
final class Operators {

  private static final ImmutableSortedMap<String, Operator> ALL = all();

  private Operators() {}

  private static ImmutableSortedMap<String, Operator> all() {
    Map<String, Operator> all = new HashMap<>();
    ElementwiseOperators.addTo(all);
    ReductionOperators.addTo(all);
    ShapeOperators.addTo(all);
    ScatterOperators.addTo(all);
    NetworkOperators.addTo(all);
    ResizeOperators.addTo(all);
    VisionOperators.addTo(all);
    QuantizedOperators.addTo(all);
    SequenceOperators.addTo(all);
    SignalOperators.addTo(all);
    ControlOperators.addTo(all);
    TrainingOperators.addTo(all);
    return ImmutableSortedMap.copyOf(all);
  }

  /** Returns an operator, or null; the default domain is "". */
  static @Nullable Operator named(String domain, String name) {
    return ALL.get(domain.isEmpty() ? name : domain + ":" + name);
  }

  static Set<String> names() {
    return ALL.keySet();
  }
}
