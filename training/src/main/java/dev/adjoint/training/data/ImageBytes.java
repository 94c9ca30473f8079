package dev.adjoint.training.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32;

/**
 * Looks at the bytes of an image file for what the JDK's decoders let pass: files that were cut,
 * images inside images, and more passes over the image than any camera writes.
 */
final class ImageBytes {

  /** What progressive files have is about ten. */
  private static final int MOST_SCANS = 100;

  private static final int EXIF = 0x45786966;
  private static final short ORIENTATION = 0x0112;
  private static final int JPEG = 0xffd8;
  private static final int BMP = 0x424d;
  private static final long PNG = 0x89504e470d0a1a0aL;

  private final ByteBuffer bytes;

  private ImageBytes(byte[] file) {
    bytes = ByteBuffer.wrap(file);
  }

  /** Returns why a file is refused, or an empty text. */
  static String fault(byte[] file) {
    try {
      ImageBytes image = new ImageBytes(file);
      int start = image.bytes.getShort(0) & 0xffff;
      return start == JPEG
          ? image.faultOfJpeg()
          : start == BMP
              ? image.faultOfBmp()
              : image.bytes.getLong(0) == PNG ? image.faultOfPng() : "";
    } catch (IndexOutOfBoundsException e) {
      return "the file ends before the image";
    }
  }

  /** Walks from marker to marker up to the one for the end. */
  private String faultOfJpeg() {
    int scans = 0;
    for (int at = 2; ; ) {
      while (bytes.get(at) != (byte) 0xff || isPartOfScan(bytes.get(at + 1))) {
        at++;
      }
      int marker = bytes.get(at + 1) & 0xff;
      if (marker == 0xd9) {
        return "";
      }
      if (isFrame(marker) && bytes.get(at + 9) == 4) {
        return "a JPEG of four channels, for print (CMYK); expected gray or colors: convert it to"
            + " RGB";
      }
      if (marker == 0xda && ++scans > MOST_SCANS) {
        return "more than %d passes over the image; expected at most as many".formatted(MOST_SCANS);
      }
      at += 2 + (bytes.getShort(at + 2) & 0xffff);
    }
  }

  /**
   * Returns how a camera was held, as EXIF numbers it from 1 to 8; 1, upright, if a file does not
   * say, or says something else.
   */
  static int orientation(byte[] file) {
    try {
      ImageBytes image = new ImageBytes(file);
      int found = (image.bytes.getShort(0) & 0xffff) == JPEG ? image.orientationOfJpeg() : 1;
      return found >= 1 && found <= 8 ? found : 1;
    } catch (IndexOutOfBoundsException e) {
      return 1; // a damaged note says nothing
    }
  }

  /** Walks over the segments before the first scan, and looks for the one of EXIF. */
  private int orientationOfJpeg() {
    for (int at = 2; bytes.getShort(at) != (short) 0xffda; ) {
      if (bytes.getShort(at) == (short) 0xffe1 && bytes.getInt(at + 4) == EXIF) {
        return orientationOfTiff(at + 10);
      }
      if (bytes.get(at) != (byte) 0xff) {
        return 1;
      }
      at += bytes.get(at + 1) == (byte) 0xff ? 1 : 2 + (bytes.getShort(at + 2) & 0xffff);
    }
    return 1;
  }

  /** Looks for the orientation in the first list of entries, of twelve bytes each. */
  private int orientationOfTiff(int start) {
    ByteBuffer tiff = bytes.slice(start, bytes.limit() - start);
    tiff.order(tiff.getShort(0) == 0x4949 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    int list = tiff.getInt(4);
    int entries = tiff.getShort(list) & 0xffff;
    for (int i = 0; i < entries; i++) {
      int entry = list + 2 + 12 * i;
      if (tiff.getShort(entry) == ORIENTATION) {
        return tiff.getShort(entry + 8);
      }
    }
    return 1;
  }

  /** Tells whether the byte after 0xff is a zero, a restart, or one more that fills. */
  private static boolean isPartOfScan(byte next) {
    return next == 0 || next == (byte) 0xff || (next & 0xf8) == 0xd0;
  }

  private static boolean isFrame(int marker) {
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
  }

  /** Walks from chunk to chunk and compares the checksums, which the decoder does not. */
  private String faultOfPng() {
    CRC32 checksum = new CRC32();
    for (int at = 8; ; ) {
      int length = bytes.getInt(at);
      if (length < 0 || length > bytes.limit() - at - 12) {
        return "the file ends before the image";
      }
      checksum.reset();
      checksum.update(bytes.array(), at + 4, length + 4);
      if ((int) checksum.getValue() != bytes.getInt(at + 8 + length)) {
        return "the checksum of a chunk is wrong";
      }
      if (bytes.getInt(at + 4) == 0x49454e44) { // IEND
        return "";
      }
      at += 12 + length;
    }
  }

  private String faultOfBmp() {
    ByteBuffer header = bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    boolean embedded =
        header.getInt(14) >= 40 && (header.getInt(30) == 4 || header.getInt(30) == 5);
    return embedded ? "a BMP around another image; expected the image itself" : "";
  }
}
