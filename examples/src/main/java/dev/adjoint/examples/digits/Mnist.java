package dev.adjoint.examples.digits;

import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.data.Dataset;
import dev.adjoint.training.data.Idx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Reads the digits of MNIST, or others in its files. */
public final class Mnist {

  private Mnist() {}

  /**
   * Reads the images and labels of one part.
   *
   * @param part {@code train} or {@code t10k}, with which the names of both files begin
   * @return inputs of shape (n, 1, 28, 28) from 0, paper, to 1, ink; classes are the digits
   * @throws IOException if a file is not there, or is not what it should be
   */
  public static Dataset<Tensor, IntTensor> read(Path directory, String part) throws IOException {
    Path imageFile = find(directory, part + "-images-idx3-ubyte");
    Path labelFile = find(directory, part + "-labels-idx1-ubyte");
    Tensor images = Idx.read(imageFile);
    IntTensor labels = Idx.readIntegers(labelFile);
    int n = labels.size();
    Shape expected = Shape.of(n, Handwriting.SIZE, Handwriting.SIZE);
    if (labels.shape().rank() != 1 || n == 0 || !images.shape().equals(expected)) {
      throw new IOException(
          "%s, %s: images of shape %s and labels of shape %s; expected (n, %d, %d) and (n)"
              .formatted(
                  imageFile,
                  labelFile.getFileName(),
                  images.shape(),
                  labels.shape(),
                  Handwriting.SIZE,
                  Handwriting.SIZE));
    }
    if (Arrays.stream(labels.toArray()).anyMatch(label -> label < 0 || label > 9)) {
      throw new IOException("%s: a label beyond 0 to 9".formatted(labelFile));
    }
    return Dataset.of(images.div(255).reshape(n, 1, Handwriting.SIZE, Handwriting.SIZE), labels);
  }

  private static Path find(Path directory, String name) throws IOException {
    Path packed = directory.resolve(name + ".gz");
    Path file = Files.exists(packed) ? packed : directory.resolve(name);
    if (!Files.exists(file)) {
      throw new IOException("%s: no such file, nor one with .gz".formatted(file));
    }
    return file;
  }
}
