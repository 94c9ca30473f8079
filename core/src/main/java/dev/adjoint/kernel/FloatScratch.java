package dev.adjoint.kernel;

/** Working memory for products: a pool of arrays for each purpose. */
enum FloatScratch {
  /** Panels of the left operand. */
  A,
  /** Panels of the right operand. */
  B,
  /** Parts of an input, laid out. */
  PATCHES,
  /** Parts of a result. */
  PRODUCT;

  private final ScratchPool<float[]> pool = new ScratchPool<>(mostKept(), array -> array.length);

  /** Returns the most elements that a purpose keeps: less where there is little memory. */
  static long mostKept() {
    return Math.min(1 << 23, Runtime.getRuntime().maxMemory() / 64 / Float.BYTES);
  }

  /**
   * Returns an array with room for {@code n} elements, of any values; to be given back.
   *
   * @throws IllegalArgumentException if no array is so long
   */
  float[] take(long n) {
    if (n > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "a product or convolution needs scratch memory of %d elements; expected at most %d"
              .formatted(n, Integer.MAX_VALUE - 8));
    }
    return pool.take(n, () -> Buffers.uninitializedFloats((int) n));
  }

  /** Takes an array back. */
  void give(float[] array) {
    pool.give(array);
  }
}
