package com.example.starter;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.adjoint.nn.predict.Predictor;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServeTest {

  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static HttpServer server;

  @BeforeAll
  static void serve(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("churn.safetensors");
    TrainTest.trained(directory).save(file);
    server = Serve.start(Predictor.load(file), 0);
  }

  @AfterAll
  static void stop() {
    server.stop(0);
  }

  private static HttpRequest.Builder request(String query) {
    int port = server.getAddress().getPort();
    return HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/predict" + query));
  }

  private static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return CLIENT.send(request.build(), BodyHandlers.ofString());
  }

  @Test
  void aCustomerIsClassified() throws Exception {
    HttpResponse<String> posted =
        send(
            request("")
                .POST(
                    BodyPublishers.ofString(
                        "{\"months\": 1, \"charges\": 95, \"contract\": \"month to month\"}")));
    HttpResponse<String> gotten =
        send(request("?months=1&charges=95&contract=month%20to%20month").GET());

    assertThat(posted.statusCode()).isEqualTo(200);
    assertThat(posted.body()).startsWith("{\"label\":\"leaves\",\"leaves\":0.");
    assertThat(gotten.body()).isEqualTo(posted.body());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "{\"months\": 1, \"charges\": 95} | there is no 'contract'",
        "{\"months\": 1, \"charges\": 95, \"contract\": \"one yr\"} | 'contract' is 'one yr';"
            + " expected one of",
        "{\"months\": \"few\", \"charges\": 95, \"contract\": \"one year\"} | 'months' is 'few';"
            + " expected a finite number",
        "{\"months\": 1, \"charges\": 95, \"contract\": \"one year\", \"age\": 7} | unknown columns"
            + " ['age']",
        "{\"months\": 1 | not a JSON object",
        "7 | not a JSON object",
        "~~ | there is no 'months'",
      })
  void whatTheModelCannotTakeIsRefusedWithTheReason(String body, String reason) throws Exception {
    HttpResponse<String> answer = send(request("").POST(BodyPublishers.ofString(body)));

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).contains(reason);
  }

  @Test
  void otherMethodsAreRefused() throws Exception {
    assertThat(send(request("").DELETE()).statusCode()).isEqualTo(405);
  }
}
