package dev.adjoint.training.data;

import dev.adjoint.io.Quoted;
import dev.adjoint.op.Joining;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Reads images from a folder in which each class has a folder of its own: {@code
 * folder/class/image.png}. Classes are in the order of their names, by value if all are numbers,
 * and images as texts.
 *
 * <pre>{@code
 * ImageFolder pets = ImageFolder.of(Path.of("pets"), 64, 64).resized();
 * for (Batch<Tensor, IntTensor> batch : new DataLoader<>(pets, 32).shuffle(1).prefetch(4).epoch(0)) {
 *   ...
 * }
 * }</pre>
 *
 * <p>Inputs are of shape (n, 3, height, width), with elements from 0 to 1. Files are PNG, JPEG, GIF
 * (its first image) or BMP; hidden files and others do not count. Transparency is left out. A JPEG
 * is turned as the camera has noted (the orientation of EXIF). Images are read when a batch asks
 * for them; what is wrong with one is thrown as an {@link UncheckedIOException} whose cause is a
 * {@link DataFormatException} with its name. Instances are immutable.
 */
public final class ImageFolder implements Dataset<Tensor, IntTensor> {

  private final List<String> classes;
  private final List<Path> files;
  private final IntTensor labels;
  private final ImageFile format;

  private ImageFolder(List<String> classes, List<Path> files, IntTensor labels, ImageFile format) {
    this.classes = classes;
    this.files = files;
    this.labels = labels;
    this.format = format;
  }

  /**
   * Finds the images of a folder, to be read in color and all of the same size.
   *
   * @throws DataFormatException if the folder has no folders, or one of them has no images
   */
  public static ImageFolder of(Path folder, int height, int width) throws IOException {
    if (height < 1 || width < 1) {
      throw new IllegalArgumentException(
          "ImageFolder: images of height %d and width %d; expected at least 1"
              .formatted(height, width));
    }
    List<Path> folders =
        ClassNames.sorted(list(folder, Files::isDirectory).stream().map(ImageFolder::name).toList())
            .stream()
            .map(folder::resolve)
            .toList();
    if (folders.isEmpty()) {
      throw DataFormatException.of(folder, "no folders; expected one for each class");
    }
    List<Path> files = new ArrayList<>();
    IntStream.Builder labels = IntStream.builder();
    for (int label = 0; label < folders.size(); label++) {
      List<Path> images = list(folders.get(label), ImageFile::isImage);
      if (images.isEmpty()) {
        throw DataFormatException.of(folders.get(label), "no images; expected some of the class");
      }
      files.addAll(images);
      for (int i = 0; i < images.size(); i++) {
        labels.add(label);
      }
    }
    return new ImageFolder(
        folders.stream().map(ImageFolder::name).toList(),
        List.copyOf(files),
        IntTensor.of(labels.build().toArray()),
        new ImageFile(3, height, width, false, ImageFile.MAX_PIXELS));
  }

  /** Returns the same images by their brightness: inputs of shape (n, 1, height, width). */
  public ImageFolder grayscale() {
    return with(
        new ImageFile(1, format.height(), format.width(), format.resized(), format.maxPixels()));
  }

  /**
   * Returns the same images, those of other sizes resized by linear interpolation; their
   * proportions are not kept.
   */
  public ImageFolder resized() {
    return with(
        new ImageFile(
            format.channels(), format.height(), format.width(), true, format.maxPixels()));
  }

  /**
   * Returns the same images, those that are resized with at most so many pixels; 2^23, eight
   * megapixels, by default. Decoding takes up to eight bytes for each, for each image that is read
   * at a time, and a file of a hundred bytes can claim any number.
   */
  public ImageFolder maxPixels(long pixels) {
    if (pixels < 1) {
      throw new IllegalArgumentException(
          "maxPixels: %d pixels; expected at least 1".formatted(pixels));
    }
    return with(
        new ImageFile(
            format.channels(), format.height(), format.width(), format.resized(), pixels));
  }

  private ImageFolder with(ImageFile newFormat) {
    return new ImageFolder(classes, files, labels, newFormat);
  }

  /** Returns the names of the classes in the order of their numbers. */
  public List<String> classes() {
    return classes;
  }

  /** Returns the files in the order of the examples. */
  public List<Path> files() {
    return files;
  }

  @Override
  public int size() {
    return files.size();
  }

  @Override
  public Batch<Tensor, IntTensor> batch(IntTensor numbers) {
    Tensor[] images = new Tensor[numbers.size()];
    for (int i = 0; i < images.length; i++) {
      try {
        images[i] = format.read(files.get(numbers.get(i)));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return new Batch<>(Joining.stack(0, images), labels.indexSelect(numbers), images.length);
  }

  private static List<Path> list(Path folder, Predicate<Path> filter) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .filter(entry -> !name(entry).startsWith("."))
          .filter(filter)
          .sorted(Comparator.comparing(ImageFolder::name))
          .toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static String name(Path path) {
    return String.valueOf(path.getFileName());
  }

  /** Returns the number of images and the classes. */
  @Override
  public String toString() {
    return "ImageFolder of %s images of %s".formatted(files.size(), Quoted.list(classes));
  }
}
