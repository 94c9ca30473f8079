package dev.adjoint.onnx;

import com.google.common.primitives.ImmutableLongArray;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import dev.adjoint.onnx.Proto.Attribute;
import dev.adjoint.onnx.Proto.Function;
import dev.adjoint.onnx.Proto.Graph;
import dev.adjoint.onnx.Proto.Model;
import dev.adjoint.onnx.Proto.Node;
import dev.adjoint.onnx.Proto.TensorData;
import dev.adjoint.onnx.Proto.ValueInfo;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the wire format of protocol buffers by the numbers that {@code onnx.proto} gives to fields.
 *
 * <p>Bytes of tensors stay where they are. Whatever a file says, no list is allocated before its
 * elements have been read.
 */
final class ProtoReader {

  /** A graph in a node in a graph: more than any model has. */
  private static final int MOST_DEPTH = 32;

  private final CodedInputStream in;
  private int depth;

  private ProtoReader(CodedInputStream in) {
    this.in = in;
  }

  /** Reads a file. */
  static Model model(ByteString bytes) throws IOException {
    return reader(bytes).model();
  }

  /** Reads a tensor that is a file by itself. */
  static TensorData tensor(ByteString bytes) throws IOException {
    return reader(bytes).tensor();
  }

  private static ProtoReader reader(ByteString bytes) {
    CodedInputStream in = bytes.newCodedInput();
    in.enableAliasing(true);
    return new ProtoReader(in);
  }

  /** Reads one field of a message, of the number given; returns whether it was known. */
  private interface Field {
    boolean read(int number) throws IOException;
  }

  /** Reads a message to its end. */
  private void message(Field fields) throws IOException {
    for (int tag; (tag = in.readTag()) != 0; ) {
      int number = WireFormat.getTagFieldNumber(tag);
      wire = WireFormat.getTagWireType(tag);
      if (!fields.read(number)) {
        in.skipField(tag);
      }
    }
  }

  private int wire; // of the field that is being read

  /** Reads a message inside of another. */
  private <T> T inside(Part<T> part) throws IOException {
    require(WireFormat.WIRETYPE_LENGTH_DELIMITED);
    if (++depth > MOST_DEPTH) {
      throw new IOException("messages inside of one another; expected at most " + MOST_DEPTH);
    }
    int limit = in.pushLimit(in.readRawVarint32());
    T read = part.read();
    in.checkLastTagWas(0);
    in.popLimit(limit);
    depth--;
    return read;
  }

  private interface Part<T> {
    T read() throws IOException;
  }

  private void require(int type) throws IOException {
    if (wire != type) {
      throw new IOException("a field of wire type %d; expected %d".formatted(wire, type));
    }
  }

  private String text() throws IOException {
    require(WireFormat.WIRETYPE_LENGTH_DELIMITED);
    return in.readStringRequireUtf8();
  }

  private ByteString bytes() throws IOException {
    require(WireFormat.WIRETYPE_LENGTH_DELIMITED);
    return in.readBytes();
  }

  private long number() throws IOException {
    require(WireFormat.WIRETYPE_VARINT);
    return in.readInt64();
  }

  // ---- messages --------------------------------------------------------------------------------

  private Model model() throws IOException {
    String[] producer = {""};
    Map<String, Long> opsets = new LinkedHashMap<>();
    Graph[] graph = {null};
    Map<String, String> metadata = new LinkedHashMap<>();
    List<Function> functions = new ArrayList<>();
    message(number -> {
      switch (number) {
        case 2 -> producer[0] = text();
        case 7 -> graph[0] = inside(this::graph);
        case 8 -> {
          Map.Entry<String, Long> set = inside(this::opset);
          opsets.put(set.getKey(), set.getValue());
        }
        case 14 -> {
          Map.Entry<String, String> entry = inside(this::entry);
          metadata.put(entry.getKey(), entry.getValue());
        }
        case 25 -> functions.add(inside(this::function));
        default -> {
          return false;
        }
      }
      return true;
    });
    if (graph[0] == null) {
      throw new IOException("there is no graph");
    }
    return new Model(producer[0], opsets, graph[0], metadata, functions);
  }

  private Graph graph() throws IOException {
    String[] name = {""};
    List<Node> nodes = new ArrayList<>();
    List<TensorData> initializers = new ArrayList<>();
    List<ValueInfo> inputs = new ArrayList<>();
    List<ValueInfo> outputs = new ArrayList<>();
    message(number -> {
      switch (number) {
        case 1 -> nodes.add(inside(this::node));
        case 2 -> name[0] = text();
        case 5 -> initializers.add(inside(this::tensor));
        case 11 -> inputs.add(inside(this::valueInfo));
        case 12 -> outputs.add(inside(this::valueInfo));
        case 15 -> throw new UnsupportedOnnxException("a sparse initializer; expected dense ones");
        default -> {
          return false;
        }
      }
      return true;
    });
    return new Graph(name[0], nodes, initializers, inputs, outputs);
  }

  private Node node() throws IOException {
    String[] texts = {"", "", ""}; // name, operation, domain
    List<String> inputs = new ArrayList<>();
    List<String> outputs = new ArrayList<>();
    Map<String, Attribute> attributes = new LinkedHashMap<>();
    message(number -> {
      switch (number) {
        case 1 -> inputs.add(text());
        case 2 -> outputs.add(text());
        case 3 -> texts[0] = text();
        case 4 -> texts[1] = text();
        case 5 -> {
          Attribute attribute = inside(this::attribute);
          attributes.put(attribute.name(), attribute);
        }
        case 7 -> texts[2] = text();
        default -> {
          return false;
        }
      }
      return true;
    });
    if (texts[1].isEmpty()) {
      throw new IOException("a node without the name of its operation");
    }
    String domain = texts[2].equals("ai.onnx") ? "" : texts[2];
    return new Node(texts[0], texts[1], domain, inputs, outputs, attributes);
  }

  private Attribute attribute() throws IOException {
    String[] names = {"", ""};
    Object[] value = {null};
    long[] type = {0};
    Numbers floats = new Numbers();
    Numbers longs = new Numbers();
    List<ByteString> texts = new ArrayList<>();
    message(number -> {
      switch (number) {
        case 1 -> names[0] = text();
        case 2 -> {
          require(WireFormat.WIRETYPE_FIXED32);
          value[0] = in.readFloat();
        }
        case 3 -> value[0] = number();
        case 4 -> value[0] = bytes();
        case 5 -> value[0] = inside(this::tensor);
        case 6 -> value[0] = inside(this::graph);
        case 7 -> floats.read(WireFormat.WIRETYPE_FIXED32);
        case 8 -> longs.read(WireFormat.WIRETYPE_VARINT);
        case 9 -> texts.add(bytes());
        case 20 -> type[0] = number();
        case 21 -> names[1] = text();
        default -> {
          return false;
        }
      }
      return true;
    });
    Object read = switch ((int) type[0]) { // lists may be empty; older files leave the type out
          case 1 -> value[0] == null ? 0f : value[0];
          case 2 -> value[0] == null ? 0L : value[0];
          case 3 -> value[0] == null ? ByteString.EMPTY : value[0];
          case 6 -> floats.toFloats();
          case 7 -> longs.toLongs();
          case 8 -> texts;
          default ->
              value[0] != null
                  ? value[0]
                  : floats.size() > 0
                      ? floats.toFloats()
                      : longs.size() > 0 ? longs.toLongs() : null;
        };
    return new Attribute(names[0], read, names[1]);
  }

  private Function function() throws IOException {
    String[] texts = {"", ""};
    List<String> inputs = new ArrayList<>();
    List<String> outputs = new ArrayList<>();
    List<Node> nodes = new ArrayList<>();
    Map<String, Attribute> defaults = new LinkedHashMap<>();
    message(number -> {
      switch (number) {
        case 1 -> texts[0] = text();
        case 4 -> inputs.add(text());
        case 5 -> outputs.add(text());
        case 7 -> nodes.add(inside(this::node));
        case 10 -> texts[1] = text();
        case 11 -> {
          Attribute attribute = inside(this::attribute);
          defaults.put(attribute.name(), attribute);
        }
        default -> {
          return false;
        }
      }
      return true;
    });
    return new Function(texts[0], texts[1], inputs, outputs, nodes, defaults);
  }

  private TensorData tensor() throws IOException {
    String[] name = {""};
    ByteString[] raw = {ByteString.EMPTY};
    long[] type = {0};
    Numbers dims = new Numbers();
    Numbers floats = new Numbers();
    Numbers ints = new Numbers();
    Numbers longs = new Numbers();
    Numbers doubles = new Numbers();
    Map<String, String> external = new LinkedHashMap<>();
    message(number -> {
      switch (number) {
        case 1 -> dims.read(WireFormat.WIRETYPE_VARINT);
        case 2 -> type[0] = number();
        case 4, 10 -> { // packed, they are what raw data are
          if (wire == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
            raw[0] = raw[0].concat(bytes());
          } else if (number == 4) {
            floats.read(WireFormat.WIRETYPE_FIXED32);
          } else {
            doubles.read(WireFormat.WIRETYPE_FIXED64);
          }
        }
        case 5 -> ints.read(WireFormat.WIRETYPE_VARINT);
        case 7, 11 -> longs.read(WireFormat.WIRETYPE_VARINT);
        case 8 -> name[0] = text();
        case 9 -> raw[0] = bytes();
        case 13 -> {
          Map.Entry<String, String> entry = inside(this::entry);
          external.put(entry.getKey(), entry.getValue());
        }
        default -> {
          return false;
        }
      }
      return true;
    });
    Object values =
        floats.size() > 0
            ? floats.toFloats()
            : doubles.size() > 0
                ? doubles.toDoubles()
                : ints.size() > 0 ? ints.toLongs() : longs.size() > 0 ? longs.toLongs() : null;
    return new TensorData(name[0], dims.toLongs(), type[0], raw[0], values, external);
  }

  private ValueInfo valueInfo() throws IOException {
    String[] name = {""};
    long[] type = {0};
    List<List<Object>> shape = new ArrayList<>();
    message(number -> {
      switch (number) {
        case 1 -> name[0] = text();
        case 2 -> // TypeProto: of a tensor, its element type and shape
            inside(() -> {
              message(kind ->
                  kind == 1
                      && inside(() -> {
                        message(part -> {
                          switch (part) {
                            case 1 -> type[0] = number();
                            case 2 -> shape.add(inside(this::shape));
                            default -> {
                              return false;
                            }
                          }
                          return true;
                        });
                        return true;
                      }));
              return true;
            });
        default -> {
          return false;
        }
      }
      return true;
    });
    return new ValueInfo(name[0], type[0], shape.isEmpty() ? null : shape.getFirst());
  }

  private List<Object> shape() throws IOException {
    List<Object> dims = new ArrayList<>();
    message(number ->
        number == 1
            && dims.add(
                inside(() -> {
                  Object[] dim = {"?"};
                  message(part -> {
                    switch (part) {
                      case 1 -> dim[0] = number();
                      case 2 -> dim[0] = text();
                      default -> {
                        return false;
                      }
                    }
                    return true;
                  });
                  return dim[0];
                })));
    return dims;
  }

  private Map.Entry<String, Long> opset() throws IOException {
    String[] domain = {""};
    long[] version = {0};
    message(number -> {
      switch (number) {
        case 1 -> domain[0] = text();
        case 2 -> version[0] = number();
        default -> {
          return false;
        }
      }
      return true;
    });
    return Map.entry(domain[0].equals("ai.onnx") ? "" : domain[0], version[0]);
  }

  private Map.Entry<String, String> entry() throws IOException {
    String[] texts = {"", ""};
    message(number -> {
      if (number != 1 && number != 2) {
        return false;
      }
      texts[number - 1] = text();
      return true;
    });
    return Map.entry(texts[0], texts[1]);
  }

  /** A list of numbers as their bits, packed or one by one. */
  private final class Numbers {

    private final ImmutableLongArray.Builder bits = ImmutableLongArray.builder();
    private int size;

    int size() {
      return size;
    }

    void read(int type) throws IOException {
      if (wire == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
        int limit = in.pushLimit(in.readRawVarint32());
        while (in.getBytesUntilLimit() > 0) {
          add(type);
        }
        in.popLimit(limit);
      } else {
        require(type);
        add(type);
      }
    }

    private void add(int type) throws IOException {
      bits.add(
          switch (type) {
            case WireFormat.WIRETYPE_FIXED32 -> in.readRawLittleEndian32();
            case WireFormat.WIRETYPE_FIXED64 -> in.readRawLittleEndian64();
            default -> in.readInt64();
          });
      size++;
    }

    long[] toLongs() {
      return bits.build().toArray();
    }

    float[] toFloats() {
      long[] all = toLongs();
      float[] floats = new float[all.length];
      for (int i = 0; i < all.length; i++) {
        floats[i] = Float.intBitsToFloat((int) all[i]);
      }
      return floats;
    }

    double[] toDoubles() {
      long[] all = toLongs();
      double[] doubles = new double[all.length];
      for (int i = 0; i < all.length; i++) {
        doubles[i] = Double.longBitsToDouble(all[i]);
      }
      return doubles;
    }
  }
}
