package dev.adjoint.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class SlowLinkTest {

  private static final int BYTES_PER_SECOND = 1_000_000;

  @Test
  void allConnectionsTogetherGetSoManyBytesASecond() throws Exception {
    byte[] sent = new byte[BYTES_PER_SECOND / 8];
    new Random(1).nextBytes(sent);
    SparkConf conf = new SparkConf(false);
    try (SlowLink _ = new SlowLink(conf, BYTES_PER_SECOND);
        ServerSocket driver =
            new ServerSocket(
                conf.getInt("spark.driver.port", 0),
                2,
                InetAddress.ofLiteral(conf.get("spark.driver.bindAddress")));
        Socket first = new Socket(InetAddress.getLoopbackAddress(), driver.getLocalPort());
        Socket second = new Socket(InetAddress.getLoopbackAddress(), driver.getLocalPort());
        Socket firstArrived = driver.accept();
        Socket secondArrived = driver.accept()) {
      long start = System.nanoTime();
      CompletableFuture<Void> other = CompletableFuture.runAsync(() -> send(second, sent));
      send(first, sent);
      byte[] one = firstArrived.getInputStream().readNBytes(sent.length);
      byte[] two = secondArrived.getInputStream().readNBytes(sent.length);
      double seconds = (System.nanoTime() - start) / 1e9;
      other.join();
      assertThat(one).isEqualTo(sent);
      assertThat(two).isEqualTo(sent);
      assertThat(seconds).isGreaterThan(0.24); // of 0.25, but for the slack
    }
  }

  private static void send(Socket socket, byte[] bytes) {
    try {
      socket.getOutputStream().write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
