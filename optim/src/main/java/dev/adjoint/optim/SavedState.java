package dev.adjoint.optim;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Reads a saved state and collects its faults, to tell all at once before anything has changed. */
final class SavedState {

  private static final int MOST_FAULTS = 20;
  private static final Shape EMPTY = Shape.of(0);

  private final String reader;
  private final Map<String, Tensor> entries;
  private final Set<String> unread;
  private final List<String> faults = new ArrayList<>();

  /** Prepares to read; the reader is for the message. */
  SavedState(String reader, Map<String, Tensor> entries) {
    this.reader = reader;
    this.entries = entries;
    this.unread = new LinkedHashSet<>(entries.keySet());
  }

  static Tensor entry(double number) {
    return Tensor.scalar(number, DType.FLOAT64);
  }

  /** Reads a tensor of a shape, copied; zeros if there is none. */
  Tensor tensor(String name, Shape shape) {
    unread.remove(name);
    Tensor value = entries.get(name);
    if (value == null) {
      faults.add("'%s' of shape %s is missing".formatted(name, shape));
    } else if (!value.shape().equals(shape)) {
      faults.add("'%s' has shape %s, expected %s".formatted(name, value.shape(), shape));
    } else {
      return value.untracked().copy();
    }
    return Tensors.zeros(shape, DType.FLOAT64);
  }

  /** Reads an entry if it is empty, and a tensor of this shape would not be. */
  boolean readEmpty(String name, Shape shape) {
    Tensor value = entries.get(name);
    return value != null
        && value.shape().equals(EMPTY)
        && !shape.equals(EMPTY)
        && unread.remove(name);
  }

  double number(String name) {
    return tensor(name, Shape.of()).item();
  }

  /** Reads a whole number of at least 0. */
  int count(String name) {
    double number = number(name);
    if (number < 0 || number != (int) number) {
      faults.add("'%s' is %s, expected a whole number of at least 0".formatted(name, number));
    }
    return (int) number;
  }

  /** Throws if anything was missing or unfit, or has not been read. */
  void requireFit() {
    unread.forEach(name -> faults.add("'%s' is unknown".formatted(name)));
    if (!faults.isEmpty()) {
      String more =
          faults.size() > MOST_FAULTS ? "; and %d more".formatted(faults.size() - MOST_FAULTS) : "";
      String told = faults.stream().limit(MOST_FAULTS).collect(Collectors.joining("; "));
      throw new IllegalArgumentException(
          "load: this state does not fit %s: %s".formatted(reader, told + more));
    }
  }
}
