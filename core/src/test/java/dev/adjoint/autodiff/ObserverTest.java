package dev.adjoint.autodiff;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What an observer of the recorder sees. */
class ObserverTest {

  private final List<String> seen = new ArrayList<>();

  private final Recorder.Observer observer =
      new Recorder.Observer() {
        @Override
        public void onNode(Node node) {
          seen.add("made " + node);
        }

        @Override
        public void onVisit(Node node, Tensor cotangent) {
          seen.add("at " + node + " with " + text(cotangent));
        }

        @Override
        public void onPart(int input, Tensor x, Tensor pulled, Tensor part, Tensor sum) {
          seen.add(
              "%d of %s: %s to %s, adds %s to get %s"
                  .formatted(input, x.node(), pulled.shape(), part.shape(), text(part), text(sum)));
        }
      };

  private static String text(Tensor x) {
    return x.size() == 1 ? "" + x.item() : Arrays.toString(x.toFloatArray());
  }

  @Test
  void nodesVisitsAndPartsAreSeen() {
    Tensor a = Tensor.of(3f).tracked();
    Recorder.observed(observer, () -> a.times(Tensor.of(1f, 2)).plus(a).sum()).backward();
    assertThat(seen).containsExactly("made times", "made plus", "made sum");
    seen.clear();
    Tensor b = Tensor.scalar(3).tracked();
    Tensor y = b.times(Tensor.of(1f, 2)).sum().plus(b);
    Recorder.observed(observer, y::backward);
    assertThat(seen)
        .containsExactly(
            "at plus with 1.0",
            "0 of sum: () to (), adds 1.0 to get 1.0",
            "1 of tracked tensor: () to (), adds 1.0 to get 1.0",
            "at sum with 1.0",
            "0 of times: (2) to (2), adds [1.0, 1.0] to get [1.0, 1.0]",
            "at times with [1.0, 1.0]",
            "0 of tracked tensor: (2) to (), adds 3.0 to get 4.0",
            "at tracked tensor with 4.0");
  }

  @Test
  void whatABackwardPassRecordsIsSeenButNoPassWithinOneThatRecordsNothing() {
    Tensor a = Tensor.scalar(3).tracked();
    Recorder.observed(observer, () -> Backward.DEFAULT.createGraph().of(a.square()));
    assertThat(seen).startsWith("made square", "at square with 1.0", "made times");
    Tensor y =
        Autodiff.checkpoint(() -> Backward.wrt(a).createGraph().gradients(a.square()).getFirst());
    seen.clear();
    Recorder.observed(observer, y::backward);
    assertThat(seen.stream().filter(line -> line.startsWith("made"))).isEmpty();
    assertThat(seen.stream().filter(line -> line.startsWith("at square"))).isEmpty();
  }
}
