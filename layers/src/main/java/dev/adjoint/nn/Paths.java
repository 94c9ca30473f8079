package dev.adjoint.nn;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Collects things by their first path. */
final class Paths<T> {

  private final Map<T, String> names = new LinkedHashMap<>();

  void add(String path, T thing) {
    names.putIfAbsent(thing, path);
  }

  Map<String, T> byName() {
    Map<String, T> things = new LinkedHashMap<>();
    names.forEach((thing, name) -> things.put(name, thing));
    return Collections.unmodifiableMap(things);
  }
}
