package dev.adjoint.kernel.portable;

/** The shape (a, channels, b) of an array with one set of values for each channel. */
record Sets(int a, int channels, int b) {

  /** Returns how many values a set has. */
  long size() {
    return (long) a * b;
  }

  /** Returns where the i-th run of b values of a channel starts. */
  int at(int i, int c) {
    return (i * channels + c) * b;
  }

  /** Returns how far apart the runs of a channel are. */
  int stride() {
    return channels * b;
  }
}
