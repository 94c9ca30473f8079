package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The kinds of rules by which primitives carry tangents: from the changes of the inputs to that of
 * the output, which is the jacobian times a vector (ADR 59).
 */
public enum Tangent {

  /** The primitive itself, applied to the tangents of all inputs. */
  LINEAR {
    @Override
    public Tensor apply(Primitive primitive, Tensor[] x, @Nullable Tensor[] tangents, Tensor y) {
      Tensor[] moved = new Tensor[x.length];
      for (int i = 0; i < x.length; i++) {
        Tensor tangent = tangents[i];
        moved[i] = tangent == null ? Tensors.zeros(x[i].shape(), x[i].dtype()) : tangent;
      }
      Primitive linear = primitive instanceof Pad pad ? pad.withZeros() : primitive;
      return Recorder.apply(linear, moved);
    }
  },

  /** One term for each of two factors: the primitive with the tangent in place of the factor. */
  BILINEAR {
    @Override
    public Tensor apply(Primitive primitive, Tensor[] x, @Nullable Tensor[] tangents, Tensor y) {
      Tensor a = tangents[0];
      Tensor b = tangents[1];
      Tensor sum = a == null ? null : Recorder.apply(primitive, a, x[1]);
      sum = b == null ? sum : plus(sum, Recorder.apply(primitive, x[0], b));
      Tensor bias = x.length > 2 ? tangents[2] : null; // which a product is added to
      return Objects.requireNonNull(bias == null ? sum : plus(sum, bias.expand(y.shape())));
    }
  },

  /** The pullback, applied to each tangent: the jacobian is its own transpose. */
  SYMMETRIC {
    @Override
    public Tensor apply(Primitive primitive, Tensor[] x, @Nullable Tensor[] tangents, Tensor y) {
      Tensor[] whole = x.clone();
      if (primitive instanceof ElementwiseFunction) { // whose cotangents have the inputs' shapes
        Arrays.setAll(whole, i -> x[i].expand(y.shape()));
      }
      Tensor sum = null;
      for (int i = 0; i < x.length; i++) {
        Tensor tangent = tangents[i];
        if (tangent != null) {
          boolean[] needed = new boolean[x.length];
          needed[i] = true;
          Tensor g = tangent.expand(y.shape());
          sum = plus(sum, Objects.requireNonNull(primitive.pullbacks(needed, g, whole, y)[i]));
        }
      }
      return Objects.requireNonNull(sum);
    }
  };

  /**
   * Computes the tangent of the output, in tensor operations.
   *
   * @param x the inputs
   * @param tangents of the inputs, null for those that do not move; one at least does
   * @param y the output
   */
  public abstract Tensor apply(
      Primitive primitive, Tensor[] x, @Nullable Tensor[] tangents, Tensor y);

  /** Returns the kind of a primitive; null for one of none, whose pullback is to be transposed. */
  public static @Nullable Tangent of(Primitive primitive) {
    return switch (primitive) {
      case Movement _,
          Pad _,
          Cast _,
          Contiguous _,
          CumulativeSum _,
          Joining.Concat _,
          Indexing.Gather _,
          Indexing.ScatterAdd _,
          Slices.IndexSelect _,
          Slices.IndexAdd _,
          Diagonal _,
          Diagonal.Embed _,
          Windows.Unfold _,
          Windows.Fold _ ->
          LINEAR;
      case Reductions.Fold fold when fold.kind() == Reductions.Kind.SUM -> LINEAR;
      case MatMul _, Convolution.Conv _ -> BILINEAR;
      case Unary _, Binary _, Where _, Clamp _, ElementwiseFunction _ -> SYMMETRIC;
      case RowOp.SOFTMAX -> SYMMETRIC;
      default -> null;
    };
  }

  private static Tensor plus(@Nullable Tensor sum, Tensor term) {
    return sum == null ? term : sum.plus(term);
  }
}
