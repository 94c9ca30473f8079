package dev.adjoint.training.data;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.adjoint.io.SealedFile;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Makes files that do harm to whoever believes them. */
final class HostileFiles {

  private static final int MEGABYTE = 1 << 20;

  private HostileFiles() {}

  // ---- texts -----------------------------------------------------------------------------------

  static byte[] csvOfOneNumber(String number) {
    return "x,y\n%s,1\n".formatted(number).getBytes(UTF_8);
  }

  /** Returns a megabyte of lines, each of one of a thousand categories. */
  static byte[] csvOfCategories() {
    StringBuilder text = new StringBuilder("x,y\n");
    for (int i = 0; text.length() < MEGABYTE; i++) {
      text.append(Integer.toString(i % 1000, 36)).append(",1\n");
    }
    return text.toString().getBytes(UTF_8);
  }

  // ---- packed files ----------------------------------------------------------------------------

  /** Returns a head and then megabytes of the same text, packed. */
  static byte[] gzip(byte[] head, String repeated, int megabytes) throws IOException {
    byte[] member = gzip(repeated.repeat(MEGABYTE / repeated.length()).getBytes(UTF_8));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(gzip(head));
    for (int i = 0; i < megabytes; i++) {
      out.write(member);
    }
    return out.toByteArray();
  }

  static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream packed = new GZIPOutputStream(out)) {
      packed.write(bytes);
    }
    return out.toByteArray();
  }

  static byte[] emptyMembers(int count) throws IOException {
    byte[] member = gzip(new byte[0]);
    ByteBuffer all = ByteBuffer.allocate(count * member.length);
    for (int i = 0; i < count; i++) {
      all.put(member);
    }
    return all.array();
  }

  static byte[] idxHeader(int elements) {
    return ByteBuffer.allocate(8).putInt(0x00000801).putInt(elements).array();
  }

  /** Returns an archive with one array of float64 zeros, of as many megabytes. */
  static byte[] npz(int megabytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.setLevel(Deflater.BEST_SPEED);
      zip.putNextEntry(new ZipEntry("x.npy"));
      zip.write(npy("<f8", "(%d,)".formatted(megabytes * MEGABYTE / 8)));
      for (int i = 0; i < megabytes; i++) {
        zip.write(new byte[MEGABYTE]);
      }
    }
    return out.toByteArray();
  }

  /** Returns a small archive whose directory says that its array has a gigabyte. */
  static byte[] npzThatLies() throws IOException {
    byte[] file = npz(1);
    int entry = new String(file, ISO_8859_1).lastIndexOf("PK\1\2");
    ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putInt(entry + 24, 1 << 30);
    return file;
  }

  // ---- tensors ---------------------------------------------------------------------------------

  /** Returns the header of an array without its elements. */
  static byte[] npy(String type, String shape) {
    byte[] text =
        "{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n"
            .formatted(type, shape)
            .getBytes(ISO_8859_1);
    return ByteBuffer.allocate(10 + text.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put("\u0093NUMPY\1\0".getBytes(ISO_8859_1))
        .putShort((short) text.length)
        .put(text)
        .array();
  }

  /** Returns a header, with its quotes single for legibility, and some data. */
  static byte[] safetensors(String header, int bytes) {
    byte[] text = header.replace('\'', '"').getBytes(UTF_8);
    return ByteBuffer.allocate(8 + text.length + bytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(text.length)
        .put(text)
        .array();
  }

  static byte[] safetensorsOfLength(long claimed) {
    return ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN).putLong(claimed).array();
  }

  /** Returns a sealed file of a predictor. */
  static byte[] predictor(String architecture, Map<String, Tensor> tensors, Path directory)
      throws IOException {
    Path file = directory.resolve("sealed");
    Map<String, String> texts =
        Map.of("adjoint.architecture", architecture, "adjoint.features", "", "adjoint.labels", "");
    new SealedFile(tensors, texts).save(file);
    return Files.readAllBytes(file);
  }

  static byte[] predictorOfSettings(int count, Path directory) throws IOException {
    StringBuilder settings = new StringBuilder("Linear");
    for (int i = 0; i < count; i++) {
      settings.append(" a").append(i).append("=1");
    }
    return predictor(settings.toString(), Map.of(), directory);
  }

  /** Returns a layer that adds so many zeros on both sides. */
  static byte[] predictorThatPads(int padding, Path directory) throws IOException {
    return predictor(
        "Conv1d in=1 out=1 kernel=1 stride=1 padding=%d dilation=1 groups=1".formatted(padding),
        Map.of("weight", Tensors.ones(1, 1, 1)),
        directory);
  }

  /** Returns the largest of so many elements at each of as many places. */
  static byte[] predictorThatCompares(int elements, Path directory) throws IOException {
    return predictor(
        """
        Sequential
          0: Conv1d in=1 out=1 kernel=1 stride=1 padding=%d dilation=1 groups=1
          1: MaxPool1d kernel=%d stride=1 padding=0
        """
            .formatted(elements, elements),
        Map.of("0.weight", Tensors.ones(1, 1, 1)),
        directory);
  }

  // ---- images ----------------------------------------------------------------------------------

  /** Returns an image of 8 by 8 pixels. */
  static byte[] image(String format) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB), format, out);
    return out.toByteArray();
  }

  static byte[] png(int height, int width) throws IOException {
    byte[] png = image("png");
    ByteBuffer header = ByteBuffer.wrap(png).putInt(16, width).putInt(20, height);
    header.put(24, (byte) 16).put(25, (byte) 6); // eight bytes for each pixel
    CRC32 checksum = new CRC32();
    checksum.update(png, 12, 17);
    header.putInt(29, (int) checksum.getValue());
    return png;
  }

  static byte[] jpeg(int height, int width) throws IOException {
    byte[] jpeg = image("jpg");
    int frame = new String(jpeg, ISO_8859_1).indexOf("\u00ff\u00c0");
    ByteBuffer.wrap(jpeg).putShort(frame + 5, (short) height).putShort(frame + 7, (short) width);
    return jpeg;
  }

  static byte[] gif(int height, int width) {
    ByteBuffer gif = ByteBuffer.allocate(36).order(ByteOrder.LITTLE_ENDIAN);
    gif.put("GIF89a".getBytes(ISO_8859_1)).putShort((short) width).putShort((short) height);
    gif.put(new byte[] {(byte) 0x80, 0, 0, 0, 0, 0, 1, 1, 1}); // two colors
    gif.put((byte) 0x2c).putInt(0).putShort((short) width).putShort((short) height);
    return gif.put(new byte[] {0, 2, 2, 0x44, 1, 0, 0x3b}).array();
  }

  static byte[] bmp(int height, int width) throws IOException {
    byte[] bmp = image("bmp");
    ByteBuffer.wrap(bmp).order(ByteOrder.LITTLE_ENDIAN).putInt(18, width).putInt(22, height);
    return bmp;
  }

  /** Returns a BMP of 8 by 8 pixels around another image. */
  static byte[] bmpAround(byte[] image) throws IOException {
    byte[] header = image("bmp");
    ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).putInt(30, 5).putInt(34, image.length);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(header, 0, 54);
    out.write(image);
    return out.toByteArray();
  }

  /** Returns a progressive JPEG whose last pass over the image is there many times. */
  static byte[] jpegOfScans(int count) throws IOException {
    ByteArrayOutputStream once = new ByteArrayOutputStream();
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpg").next();
    ImageWriteParam settings = writer.getDefaultWriteParam();
    settings.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
    try (var out = new MemoryCacheImageOutputStream(once)) {
      writer.setOutput(out);
      BufferedImage image = new BufferedImage(2000, 2000, BufferedImage.TYPE_BYTE_GRAY);
      writer.write(null, new IIOImage(image, null, null), settings);
    }
    writer.dispose();
    byte[] jpeg = once.toByteArray();
    int scan = new String(jpeg, ISO_8859_1).lastIndexOf("\u00ff\u00da");
    ByteArrayOutputStream many = new ByteArrayOutputStream();
    many.write(jpeg, 0, scan);
    for (int i = 0; i < count; i++) {
      many.write(jpeg, scan, jpeg.length - 2 - scan);
    }
    many.write(jpeg, jpeg.length - 2, 2);
    return many.toByteArray();
  }
}
