package dev.adjoint.io;

/** Is told of a tensor in a file that is well-formed, and only none of ours. */
@FunctionalInterface
interface Unreadable {

  /** Lets such a tensor make the whole file unreadable, unless somebody asks for the rest. */
  Unreadable REFUSED =
      e -> {
        throw e;
      };

  /** Goes on without the tensor, or throws. */
  void report(TensorFormatException e) throws TensorFormatException;

  /** Reports what is unsupported; throws what is damaged. */
  static void reportOrThrow(Unreadable unreadable, TensorFormatException e)
      throws TensorFormatException {
    if (!e.isUnsupported()) {
      throw e;
    }
    unreadable.report(e);
  }
}
