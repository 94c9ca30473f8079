package dev.adjoint.io;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The formats that are most often mistaken for these, by the bytes with which they begin. */
enum ForeignFormat {
  ZIP("PK\u0003\u0004", "a zip file, as PyTorch (.pt, .pth) and NumPy (.npz) write"),
  PICKLE("\u0080\u0002", "a pickle, as older PyTorch (.pt, .pth) wrote"),
  PICKLE_4("\u0080\u0004", "a pickle of Python"),
  HDF5("\u0089HDF", "an HDF5 file, as Keras (.h5) writes"),
  NPY("\u0093NUMPY", "an array of NumPy (.npy), which Npy reads"),
  GGUF("GGUF", "a GGUF file"),
  PNG("\u0089PNG", "an image"),
  JPEG("\u00ff\u00d8\u00ff", "an image"),
  PDF("%PDF", "a PDF document"),
  PARQUET("PAR1", "a Parquet file"),
  GZIP("\u001f\u008b", "packed by gzip"),
  LFS("version ", "a pointer of Git LFS, not the file itself: git lfs pull gets it"),
  HTML("<!DOCTYPE", "a web page"),
  HTML_LOWER("<html", "a web page");

  /** How a file of PyTorch becomes one that is read here. */
  static final String CONVERT =
      "in Python, safetensors.torch.save_file(torch.load(file, weights_only=True), new_file)"
          + " converts a state of PyTorch";

  private final byte[] magic;
  private final String description;

  ForeignFormat(String magic, String description) {
    this.magic = magic.getBytes(StandardCharsets.ISO_8859_1);
    this.description = description;
  }

  /**
   * Returns what a file seems to be that is not what was expected, or an empty text.
   *
   * @param start its first bytes
   */
  static String seen(byte[] start) {
    for (ForeignFormat format : values()) {
      int n = Math.min(format.magic.length, start.length);
      if (n >= 2 && Arrays.equals(format.magic, 0, n, start, 0, n)) {
        boolean torch = format == ZIP || format == PICKLE;
        return "; it is %s%s".formatted(format.description, torch ? "; " + CONVERT : "");
      }
    }
    return "";
  }
}
