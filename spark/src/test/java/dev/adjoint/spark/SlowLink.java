package dev.adjoint.spark;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import org.apache.spark.SparkConf;

/**
 * A slow link to a driver, on one machine: executors reach the driver's ports through it alone, and
 * all of their connections together get so many bytes a second into each direction.
 *
 * <p>What the driver fetches from executors would not pass, so results are sent with the messages
 * that tasks have ended.
 */
final class SlowLink implements Closeable {

  private static final InetAddress DRIVER = InetAddress.ofLiteral("127.0.0.2");
  private static final int CHUNK = 1 << 14;

  /** How late a chunk may be without the next having to wait for it. */
  private static final long SLACK_NANOS = 5_000_000;

  private final ServerSocket messages = port();
  private final ServerSocket blocks = port();

  /** Puts the driver of a configuration behind a link. */
  SlowLink(SparkConf driver, double bytesPerSecond) throws IOException {
    driver
        .set("spark.driver.bindAddress", DRIVER.getHostAddress())
        .set("spark.driver.port", String.valueOf(messages.getLocalPort()))
        .set("spark.driver.blockManager.port", String.valueOf(blocks.getLocalPort()))
        .set("spark.task.maxDirectResultSize", "100m");
    Direction in = new Direction(bytesPerSecond);
    Direction out = new Direction(bytesPerSecond);
    for (ServerSocket port : new ServerSocket[] {messages, blocks}) {
      Thread.startVirtualThread(() -> accept(port, in, out));
    }
  }

  private static ServerSocket port() throws IOException {
    return new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  }

  /** What one direction has sent, and when it may go on. */
  private static final class Direction {
    private final double bytesPerNano;
    private long free = System.nanoTime();

    Direction(double bytesPerSecond) {
      bytesPerNano = bytesPerSecond / 1e9;
    }

    /** Returns how long it takes until some more bytes have been sent. */
    synchronized Duration send(int bytes) {
      long now = System.nanoTime();
      free = Math.max(free, now - SLACK_NANOS) + (long) (bytes / bytesPerNano);
      return Duration.ofNanos(Math.max(free - now, 0));
    }
  }

  private static void accept(ServerSocket port, Direction in, Direction out) {
    try {
      while (true) {
        Socket executor = port.accept();
        Socket driver = new Socket(DRIVER, port.getLocalPort());
        executor.setTcpNoDelay(true);
        driver.setTcpNoDelay(true);
        Thread.startVirtualThread(() -> pass(executor, driver, in));
        Thread.startVirtualThread(() -> pass(driver, executor, out));
      }
    } catch (IOException _) {
      // It was closed.
    }
  }

  private static void pass(Socket from, Socket to, Direction direction) {
    byte[] chunk = new byte[CHUNK];
    try (from;
        to;
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream()) {
      for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
        Thread.sleep(direction.send(count));
        out.write(chunk, 0, count);
      }
    } catch (IOException | InterruptedException _) {
      // One of both ends was closed, and so is the other.
    }
  }

  @Override
  public void close() throws IOException {
    messages.close();
    blocks.close();
  }
}
