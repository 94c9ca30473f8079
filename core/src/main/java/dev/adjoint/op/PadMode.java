package dev.adjoint.op;

/** What padding puts around a tensor, as PyTorch's modes: for the elements a, b, c and d. */
public enum PadMode {
  /** 0 0 a b c d 0 0. */
  ZEROS,
  /** c b a b c d c b: a mirror at the outermost elements, which are not repeated. */
  REFLECT,
  /** a a a b c d d d. */
  REPLICATE,
  /** c d a b c d a b: the other end. */
  CIRCULAR;

  /** Returns the most elements that can be added on a side of so many. */
  int most(int size) {
    return switch (this) {
      case ZEROS -> Integer.MAX_VALUE;
      case REFLECT -> Math.max(0, size - 1);
      case REPLICATE -> size == 0 ? 0 : Integer.MAX_VALUE;
      case CIRCULAR -> size;
    };
  }
}
