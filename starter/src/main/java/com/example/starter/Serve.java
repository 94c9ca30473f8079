package com.example.starter;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import com.google.gson.Strictness;
import com.google.gson.reflect.TypeToken;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.adjoint.nn.predict.Predictor;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;

/**
 * Answers over HTTP what a saved model predicts: {@code GET /predict?months=3&...}, or {@code POST
 * /predict} with a JSON object. What the model cannot take is answered by 400 and the reason.
 */
public final class Serve {

  private static final int LARGEST_BODY = 64 * 1024;
  private static final Gson JSON =
      new GsonBuilder().setStrictness(Strictness.STRICT).disableHtmlEscaping().create();
  private static final TypeToken<Map<String, Object>> FIELDS = new TypeToken<>() {};

  // Immutable: all threads share it.
  private final Predictor predictor;

  private Serve(Predictor predictor) {
    this.predictor = predictor;
  }

  /** Serves the file that is the first argument at the port that is the second. */
  public static void main(String[] args) throws IOException {
    Path file = Path.of(args.length > 0 ? args[0] : "churn.safetensors");
    int port = args.length > 1 ? Integer.parseInt(args[1]) : 8080;
    HttpServer server = start(Predictor.load(file), port);
    System.out.println("serving at http://localhost:" + server.getAddress().getPort());
  }

  /** Starts a server that only this machine can reach; port 0 is any that is free. */
  static HttpServer start(Predictor predictor, int port) throws IOException {
    InetAddress thisMachine = InetAddress.getLoopbackAddress();
    HttpServer server = HttpServer.create(new InetSocketAddress(thisMachine, port), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/predict", new Serve(predictor)::handle);
    server.start();
    return server;
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      try {
        Map<String, ?> customer =
            switch (exchange.getRequestMethod()) {
              case "GET" -> query(exchange.getRequestURI().getRawQuery());
              case "POST" -> json(exchange.getRequestBody().readNBytes(LARGEST_BODY));
              default -> null;
            };
        if (customer == null) {
          answer(exchange, 405, Map.of("error", "expected GET or POST"));
        } else {
          answer(exchange, 200, prediction(customer));
        }
      } catch (IllegalArgumentException e) {
        answer(exchange, 400, Map.of("error", e.getMessage()));
      }
    }
  }

  private Map<String, Object> prediction(Map<String, ?> customer) {
    Map<String, Object> prediction = new LinkedHashMap<>();
    prediction.put("label", predictor.classify(customer));
    List<String> labels = predictor.labels();
    double[] probabilities = predictor.probabilities(customer);
    for (int i = 0; i < labels.size(); i++) {
      prediction.put(labels.get(i), Math.round(1000 * probabilities[i]) / 1000.0);
    }
    return prediction;
  }

  private static Map<String, Object> json(byte[] body) {
    Map<String, Object> fields;
    try {
      fields = JSON.fromJson(new String(body, StandardCharsets.UTF_8), FIELDS);
    } catch (JsonParseException e) {
      throw new IllegalArgumentException("not a JSON object: " + e.getMessage(), e);
    }
    return fields == null ? Map.of() : fields;
  }

  private static Map<String, String> query(String query) {
    Map<String, String> fields = new HashMap<>();
    for (String field : query == null ? new String[0] : query.split("&")) {
      String[] pair = field.split("=", 2);
      String value = pair.length > 1 ? pair[1] : "";
      fields.put(decoded(pair[0]), decoded(value));
    }
    return fields;
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }

  private static void answer(HttpExchange exchange, int status, Map<String, ?> fields)
      throws IOException {
    byte[] body = (JSON.toJson(fields) + "\n").getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }
}
