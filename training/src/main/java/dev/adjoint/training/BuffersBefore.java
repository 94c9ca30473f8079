package dev.adjoint.training;

import dev.adjoint.nn.Buffer;
import dev.adjoint.nn.Layer;
import dev.adjoint.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** What the buffers of a model held before a step, to go back to if the step fails. */
final class BuffersBefore {

  private final Map<String, Buffer> buffers;
  private final Map<Buffer, Tensor> values = new LinkedHashMap<>();

  private BuffersBefore(Map<String, Buffer> buffers) {
    this.buffers = buffers;
    // A buffer is given new tensors and never changes one, so nothing has to be copied.
    buffers.values().forEach(buffer -> values.put(buffer, buffer.value()));
  }

  static BuffersBefore of(Layer model) {
    return new BuffersBefore(model.namedBuffers());
  }

  void restore() {
    values.forEach((buffer, value) -> {
      if (buffer.value() != value) {
        buffer.assign(value);
      }
    });
  }

  /** Returns the path of a buffer that was finite and is no more. */
  Optional<String> spoiled() {
    return buffers.entrySet().stream()
        .filter(entry -> isSpoiled(entry.getValue()))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  private boolean isSpoiled(Buffer buffer) {
    Tensor before = values.get(buffer);
    return before != null
        && buffer.value() != before
        && !Finite.isFinite(buffer.value())
        && Finite.isFinite(before);
  }
}
