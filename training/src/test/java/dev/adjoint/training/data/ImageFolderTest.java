package dev.adjoint.training.data;

import static dev.adjoint.testing.AdjointAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageFolderTest {

  @TempDir private Path root;

  private Path write(String name, String format, BufferedImage image) throws IOException {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    assertThat(ImageIO.write(image, format, file.toFile())).isTrue();
    return file;
  }

  private static BufferedImage image(int type, int height, int width, int... rgb) {
    BufferedImage image = new BufferedImage(width, height, type);
    for (int i = 0; i < height * width; i++) {
      image.setRGB(i % width, i / width, rgb[i % rgb.length]);
    }
    return image;
  }

  /** An image whose samples are these, whatever Java makes of them. */
  private static BufferedImage gray(int type, int height, int width, int... samples) {
    BufferedImage image = new BufferedImage(width, height, type);
    image.getRaster().setSamples(0, 0, width, height, 0, samples);
    return image;
  }

  private void assertRefused(ImageFolder folder, Path file, String message) {
    assertThatThrownBy(folder::all)
        .isInstanceOf(UncheckedIOException.class)
        .cause()
        .isInstanceOf(DataFormatException.class)
        .hasMessageStartingWith(file + ": " + message);
  }

  @Test
  void foldersAreClassesInTheOrderOfTheirNames() throws IOException {
    BufferedImage image = image(BufferedImage.TYPE_INT_RGB, 1, 1, 0x102030);
    write("b/2.png", "png", image);
    write("b/10.PNG", "png", image);
    write("a/x.bmp", "bmp", image);
    write("C/x.png", "png", image);
    Files.createDirectory(root.resolve(".hidden"));
    Files.createFile(root.resolve("notes.txt"));
    Files.createFile(root.resolve("a/notes.txt"));
    Files.createFile(root.resolve("a/.hidden.png"));
    ImageFolder folder = ImageFolder.of(root, 1, 1);
    assertThat(folder.classes()).containsExactly("C", "a", "b");
    assertThat(folder.files().stream().map(root::relativize).map(Path::toString))
        .containsExactly(
            Path.of("C/x.png").toString(),
            Path.of("a/x.bmp").toString(),
            Path.of("b/10.PNG").toString(),
            Path.of("b/2.png").toString());
    assertThat(folder.all().targets()).isEqualTo(IntTensor.of(0, 1, 2, 2));
    assertThat(folder.batch(IntTensor.of(3, 0)).targets()).isEqualTo(IntTensor.of(2, 0));
  }

  @Test
  void colorsAreChannelsFromZeroToOne() throws IOException {
    write("a/x.png", "png", image(BufferedImage.TYPE_INT_RGB, 1, 2, 0xff8000, 0x0000ff));
    Tensor colors = ImageFolder.of(root, 1, 2).all().inputs();
    assertThat(colors)
        .hasSameBitsAs(Tensor.of(new float[] {1, 0, 128 / 255f, 0, 0, 1}, 1, 3, 1, 2));
    assertThat(ImageFolder.of(root, 1, 2).grayscale().all().inputs())
        .hasShape(1, 1, 1, 2)
        .isCloseTo(Tensor.of(new float[] {0.299f + 0.587f * 128 / 255, 0.114f}, 1, 1, 1, 2));
  }

  @Test
  void palettesAndTransparencyAreColors() throws IOException {
    write("a/1.gif", "gif", image(BufferedImage.TYPE_BYTE_INDEXED, 1, 2, 0xff0000, 0x0000ff));
    write("a/2.png", "png", image(BufferedImage.TYPE_INT_ARGB, 1, 2, 0x00ff0000, 0x800000ff));
    Tensor both = ImageFolder.of(root, 1, 2).all().inputs();
    Tensor redAndBlue = Tensor.of(new float[] {1, 0, 0, 0, 0, 1}, 3, 1, 2);
    assertThat(both.slice(0, 0, 1).reshape(3, 1, 2)).hasSameBitsAs(redAndBlue);
    assertThat(both.slice(0, 1, 2).reshape(3, 1, 2)).hasSameBitsAs(redAndBlue);
  }

  @Test
  void grayIsWhatTheFileSays() throws IOException {
    write("a/1.png", "png", gray(BufferedImage.TYPE_BYTE_GRAY, 1, 3, 0, 128, 255));
    write("a/2.png", "png", gray(BufferedImage.TYPE_USHORT_GRAY, 1, 3, 0, 0x8080, 0xffff));
    write("a/3.png", "png", image(BufferedImage.TYPE_INT_RGB, 1, 3, 0, 0x808080, 0xffffff));
    float[] expected = {0, 128 / 255f, 1, 0, 128 / 255f, 1, 0, 128 / 255f, 1};
    assertThat(ImageFolder.of(root, 1, 3).grayscale().all().inputs())
        .isCloseTo(Tensor.of(expected, 3, 1, 1, 3), 1e-7, 0);
    assertThat(ImageFolder.of(root, 1, 3).all().inputs().mean(1))
        .isCloseTo(Tensor.of(expected, 3, 1, 3), 1e-7, 0);
  }

  @Test
  void aBlackAndWhiteImageIsBlackAndWhite() throws IOException {
    write("a/1.png", "png", image(BufferedImage.TYPE_BYTE_BINARY, 1, 2, 0, 0xffffff));
    assertThat(ImageFolder.of(root, 1, 2).grayscale().all().inputs())
        .hasSameBitsAs(Tensor.of(new float[] {0, 1}, 1, 1, 1, 2));
  }

  @Test
  void aJpegIsReadAlmostAsItWas() throws IOException {
    write("a/1.jpg", "jpg", image(BufferedImage.TYPE_INT_RGB, 8, 8, 0x6496c8));
    assertThat(ImageFolder.of(root, 8, 8).all().inputs().mean(0, 2, 3))
        .isCloseTo(Tensor.of(new float[] {100 / 255f, 150 / 255f, 200 / 255f}), 0.01, 0);
  }

  /** Writes a JPEG with a note of how the camera was held. */
  private void writeTurned(BufferedImage image, int orientation, ByteOrder order)
      throws IOException {
    Path file = write("a/x.jpg", "jpg", image);
    byte[] jpeg = Files.readAllBytes(file);
    ByteBuffer note = ByteBuffer.allocate(36 + jpeg.length);
    note.putShort((short) 0xffd8).putShort((short) 0xffe1).putShort((short) 34);
    note.put("Exif\0\0".getBytes(StandardCharsets.ISO_8859_1)).order(order);
    note.putShort((short) (order == ByteOrder.BIG_ENDIAN ? 0x4d4d : 0x4949));
    note.putShort((short) 42).putInt(8).putShort((short) 1); // one entry, a number of 16 bits
    note.putShort((short) 0x0112).putShort((short) 3).putInt(1).putShort((short) orientation);
    note.putShort((short) 0).putInt(0);
    note.put(jpeg, 2, jpeg.length - 2);
    Files.write(file, Arrays.copyOf(note.array(), note.position()));
  }

  @Test
  void aPhotographStandsAsTheCameraHasNoted() throws IOException {
    // The first row and the first column of the file, as the standard numbers them.
    String[] seen = {
      "abcdef", "badcfe", "fedcba", "efcdab", "acebdf", "ecafdb", "fdbeca", "bdface"
    };
    for (int orientation = 1; orientation <= 8; orientation++) {
      // Six blocks of 8 by 8 pixels in three rows: a b, c d, e f.
      BufferedImage image = new BufferedImage(16, 24, BufferedImage.TYPE_BYTE_GRAY);
      for (int i = 0; i < 24 * 16; i++) {
        int block = i / 16 / 8 * 2 + i % 16 / 8;
        image.getRaster().setSample(i % 16, i / 16, 0, 40 * block);
      }
      writeTurned(
          image,
          orientation,
          orientation % 2 == 0 ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
      boolean lies = orientation > 4;
      int h = lies ? 16 : 24;
      int w = lies ? 24 : 16;
      Tensor x = ImageFolder.of(root, h, w).grayscale().all().inputs().reshape(h, w);
      StringBuilder blocks = new StringBuilder();
      for (int y = 4; y < h; y += 8) {
        for (int column = 4; column < w; column += 8) {
          blocks.append((char) ('a' + Math.round(x.get(y, column) * 255 / 40)));
        }
      }
      assertThat(blocks.toString())
          .as("orientation %d", orientation)
          .isEqualTo(seen[orientation - 1]);
    }
  }

  @Test
  void anImageOfAnotherSizeIsRefusedOrResized() throws IOException {
    write("a/1.png", "png", gray(BufferedImage.TYPE_BYTE_GRAY, 2, 2, 0, 0, 0, 0));
    Path large =
        write(
            "a/2.png", "png", gray(BufferedImage.TYPE_BYTE_GRAY, 2, 3, 0, 51, 102, 153, 204, 255));
    ImageFolder folder = ImageFolder.of(root, 2, 2).grayscale();
    assertRefused(folder, large, "an image of 2 by 3 pixels (height by width); expected 2 by 2");
    assertThat(folder.resized().all().inputs().slice(0, 1, 2).reshape(2, 2))
        .isCloseTo(Tensor.of(new float[][] {{0.075f, 0.325f}, {0.675f, 0.925f}}), 1e-6, 0);
  }

  @Test
  void resizingKeepsConstantsAndInterpolatesBetweenPixels() throws IOException {
    write("a/1.png", "png", gray(BufferedImage.TYPE_BYTE_GRAY, 1, 2, 0, 255));
    ImageFolder wide = ImageFolder.of(root, 3, 8).grayscale().resized();
    assertThat(wide.all().inputs().reshape(3, 8).slice(0, 1, 2).reshape(8))
        .isCloseTo(Tensor.of(0, 0, 1 / 8f, 3 / 8f, 5 / 8f, 7 / 8f, 1, 1), 1e-6, 0);
    write("a/1.png", "png", image(BufferedImage.TYPE_INT_RGB, 31, 17, 0x336699));
    assertThat(ImageFolder.of(root, 5, 40).resized().all().inputs())
        .isCloseTo(Tensor.of(0.2f, 0.4f, 0.6f).reshape(1, 3, 1, 1).expand(1, 3, 5, 40), 1e-6, 0);
  }

  @Test
  void anImageThatClaimsToBeHugeTakesNoMemory() throws IOException {
    Path file = write("a/1.png", "png", gray(BufferedImage.TYPE_BYTE_GRAY, 1, 1, 0));
    byte[] png = Files.readAllBytes(file);
    CRC32 checksum = new CRC32();
    for (int[] size : new int[][] {{30_000, 30_000}, {1, 100_000}}) {
      ByteBuffer header = ByteBuffer.wrap(png).putInt(16, size[1]).putInt(20, size[0]);
      checksum.reset();
      checksum.update(png, 12, 17);
      header.putInt(29, (int) checksum.getValue());
      Files.write(file, png);
      ImageFolder folder = ImageFolder.of(root, 2, 2).resized().maxPixels(50_000);
      long before = AllocatedBytes.ofThisThread();
      assertRefused(
          folder,
          file,
          "an image of %d by %d pixels (height by width); expected at most %d, which maxPixels sets"
              .formatted(size[0], size[1], 50_000));
      assertThat(AllocatedBytes.ofThisThread() - before).isLessThan(10_000_000);
    }
  }

  @Test
  void damagedImagesAreRefusedWithTheirNames() throws IOException {
    Random random = new Random(1);
    for (String format : new String[] {"png", "jpg", "gif", "bmp"}) {
      Path file =
          write(
              "a/x." + format,
              format,
              image(BufferedImage.TYPE_INT_RGB, 9, 9, 0, 0x8040ff, 0x123456));
      byte[] whole = Files.readAllBytes(file);
      ImageFolder folder = ImageFolder.of(root, 9, 9);
      int refused = 0;
      for (int i = 0; i < 200; i++) {
        byte[] damaged =
            Arrays.copyOf(whole, i % 2 == 0 ? whole.length : random.nextInt(whole.length));
        if (damaged.length > 0) {
          damaged[random.nextInt(damaged.length)] ^= (byte) (1 + random.nextInt(255));
        }
        Files.delete(file); // some file systems write at once what replaces a file
        Files.write(file, damaged);
        try {
          assertThat(folder.all().inputs()).hasShape(1, 3, 9, 9).isFinite();
        } catch (UncheckedIOException e) {
          assertThat(e)
              .cause()
              .isInstanceOf(DataFormatException.class)
              .hasMessageStartingWith(file + ": ");
          refused++;
        }
      }
      assertThat(refused).as(format).isBetween(20, 200); // of PNG, all
      Files.delete(file);
    }
  }

  @Test
  void aFileThatWasCutIsRefusedWhereverItWasCut() throws IOException {
    for (String format : new String[] {"png", "jpg", "gif", "bmp"}) {
      BufferedImage image = image(BufferedImage.TYPE_INT_RGB, 40, 40, 0, 0x8040ff, 0x123456);
      Path file = write("a/x." + format, format, image);
      byte[] whole = Files.readAllBytes(file);
      ImageFolder folder = ImageFolder.of(root, 40, 40);
      Tensor pixels = folder.all().inputs();
      int step = Math.max(1, whole.length / 100);
      for (int n = whole.length - 1; n > 0; n -= step) {
        Files.delete(file);
        Files.write(file, Arrays.copyOf(whole, n));
        try {
          assertThat(folder.all().inputs()).hasSameBitsAs(pixels); // all pixels are there
        } catch (UncheckedIOException e) {
          assertThat(e).cause().isInstanceOf(DataFormatException.class);
        }
      }
      Files.delete(file);
    }
  }

  @Test
  void aBmpAroundAnotherImageIsRefused() throws IOException {
    Path file = write("a/x.bmp", "bmp", image(BufferedImage.TYPE_INT_RGB, 8, 8, 0));
    byte[] bmp = Files.readAllBytes(file);
    bmp[30] = 5;
    Files.write(file, bmp);
    assertRefused(
        ImageFolder.of(root, 8, 8), file, "a BMP around another image; expected the image itself");
  }

  @Test
  void aJpegOfAThousandScansIsRefused() throws IOException {
    Path file = write("a/x.jpg", "jpg", image(BufferedImage.TYPE_INT_RGB, 8, 8, 0x6496c8));
    byte[] jpeg = Files.readAllBytes(file);
    int scan =
        new String(jpeg, java.nio.charset.StandardCharsets.ISO_8859_1).indexOf("\u00ff\u00da");
    java.io.ByteArrayOutputStream many = new java.io.ByteArrayOutputStream();
    many.write(jpeg, 0, scan);
    for (int i = 0; i < 1000; i++) {
      many.write(jpeg, scan, jpeg.length - 2 - scan);
    }
    many.write(jpeg, jpeg.length - 2, 2);
    Files.write(file, many.toByteArray());
    assertRefused(
        ImageFolder.of(root, 8, 8), file, "more than 100 passes over the image; expected at most");
  }

  @Test
  void foldersOfNumbersAreInTheOrderOfTheirValues() throws IOException {
    BufferedImage image = image(BufferedImage.TYPE_INT_RGB, 1, 1, 0);
    for (String name : new String[] {"1", "10", "2", "-3"}) {
      write(name + "/x.png", "png", image);
    }
    assertThat(ImageFolder.of(root, 1, 1).classes()).containsExactly("-3", "1", "2", "10");
  }

  @Test
  void whatIsNoImageIsRefused() throws IOException {
    Path file = Files.createDirectory(root.resolve("a")).resolve("x.png");
    Files.writeString(file, "<svg/>");
    assertRefused(ImageFolder.of(root, 1, 1), file, "is no image; expected PNG, JPEG, GIF or BMP");
  }

  @Test
  void aFolderWithoutClassesOrImagesIsRefused() throws IOException {
    assertThatThrownBy(() -> ImageFolder.of(root, 1, 1))
        .isInstanceOf(DataFormatException.class)
        .hasMessage(root + ": no folders; expected one for each class");
    Path empty = Files.createDirectory(root.resolve("empty"));
    assertThatThrownBy(() -> ImageFolder.of(root, 1, 1))
        .isInstanceOf(DataFormatException.class)
        .hasMessage(empty + ": no images; expected some of the class");
    assertThatThrownBy(() -> ImageFolder.of(root, 0, 1))
        .hasMessage("ImageFolder: images of height 0 and width 1; expected at least 1");
  }
}
