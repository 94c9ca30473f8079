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
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

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
  private int tag; // of the field that is being read

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

  /** Reads one field of a message, of the number given, or skips it. */
  private interface Field {
    void read(int number) throws IOException;
  }

  /** Reads a message to its end. */
  private void message(Field fields) throws IOException {
    while ((tag = in.readTag()) != 0) {
      fields.read(WireFormat.getTagFieldNumber(tag));
    }
  }

  private int wire() {
    return WireFormat.getTagWireType(tag);
  }

  private void skip() throws IOException {
    in.skipField(tag);
  }

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

  /** Reads the fields of a message inside of another. */
  private void fields(Field fields) throws IOException {
    inside(() -> {
      message(fields);
      return fields;
    });
  }

  private interface Part<T> {
    T read() throws IOException;
  }

  private void require(int type) throws IOException {
    if (wire() != type) {
      throw new IOException("a field of wire type %d; expected %d".formatted(wire(), type));
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
        case Model.PRODUCER -> producer[0] = text();
        case Model.GRAPH -> graph[0] = inside(this::graph);
        case Model.OPSET -> {
          Map.Entry<String, Long> set = inside(this::opset);
          opsets.put(set.getKey(), set.getValue());
        }
        case Model.METADATA -> {
          Map.Entry<String, String> entry = inside(this::entry);
          metadata.put(entry.getKey(), entry.getValue());
        }
        case Model.FUNCTION -> functions.add(inside(this::function));
        default -> skip();
      }
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
        case Graph.NODE -> nodes.add(inside(this::node));
        case Graph.NAME -> name[0] = text();
        case Graph.INITIALIZER -> initializers.add(inside(this::tensor));
        case Graph.INPUT -> inputs.add(inside(this::valueInfo));
        case Graph.OUTPUT -> outputs.add(inside(this::valueInfo));
        case Graph.SPARSE_INITIALIZER ->
            throw new UnsupportedOnnxException("a sparse initializer; expected dense ones");
        default -> skip();
      }
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
        case Node.INPUT -> inputs.add(text());
        case Node.OUTPUT -> outputs.add(text());
        case Node.NAME -> texts[0] = text();
        case Node.OP -> texts[1] = text();
        case Node.ATTRIBUTE -> {
          Attribute attribute = inside(this::attribute);
          attributes.put(attribute.name(), attribute);
        }
        case Node.DOMAIN -> texts[2] = text();
        default -> skip();
      }
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
        case Attribute.NAME -> names[0] = text();
        case Attribute.FLOAT -> {
          require(WireFormat.WIRETYPE_FIXED32);
          value[0] = in.readFloat();
        }
        case Attribute.INT -> value[0] = number();
        case Attribute.TEXT -> value[0] = bytes();
        case Attribute.TENSOR -> value[0] = inside(this::tensor);
        case Attribute.GRAPH -> value[0] = inside(this::graph);
        case Attribute.FLOATS -> floats.read(WireFormat.WIRETYPE_FIXED32);
        case Attribute.INTS -> longs.read(WireFormat.WIRETYPE_VARINT);
        case Attribute.TEXTS -> texts.add(bytes());
        case Attribute.TYPE -> type[0] = number();
        case Attribute.REFERENCE -> names[1] = text();
        default -> skip();
      }
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
        case Function.NAME -> texts[0] = text();
        case Function.INPUT -> inputs.add(text());
        case Function.OUTPUT -> outputs.add(text());
        case Function.NODE -> nodes.add(inside(this::node));
        case Function.DOMAIN -> texts[1] = text();
        case Function.DEFAULT -> {
          Attribute attribute = inside(this::attribute);
          defaults.put(attribute.name(), attribute);
        }
        default -> skip();
      }
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
    Set<Integer> fields = new HashSet<>();
    message(number -> {
      fields.add(number);
      switch (number) {
        case TensorData.DIMS -> dims.read(WireFormat.WIRETYPE_VARINT);
        case TensorData.TYPE -> type[0] = number();
        case TensorData.FLOATS, TensorData.DOUBLES -> { // packed, they are what raw data are
          if (wire() == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
            raw[0] = raw[0].concat(bytes());
          } else if (number == TensorData.FLOATS) {
            floats.read(WireFormat.WIRETYPE_FIXED32);
          } else {
            doubles.read(WireFormat.WIRETYPE_FIXED64);
          }
        }
        case TensorData.INTS -> ints.read(WireFormat.WIRETYPE_VARINT);
        case TensorData.LONGS, TensorData.UNSIGNED -> longs.read(WireFormat.WIRETYPE_VARINT);
        case TensorData.NAME -> name[0] = text();
        case TensorData.RAW -> raw[0] = bytes();
        case TensorData.EXTERNAL -> {
          Map.Entry<String, String> entry = inside(this::entry);
          external.put(entry.getKey(), entry.getValue());
        }
        default -> skip();
      }
    });
    TensorData.requireFields(fields, type[0]);
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
        case ValueInfo.NAME -> name[0] = text();
        case ValueInfo.VALUE_TYPE -> // TypeProto: of a tensor, its element type and shape
            fields(kind -> {
              switch (kind) {
                case ValueInfo.TENSOR_TYPE ->
                    fields(part -> {
                      switch (part) {
                        case ValueInfo.ELEMENT_TYPE -> type[0] = number();
                        case ValueInfo.SHAPE -> shape.add(inside(this::shape));
                        default -> skip();
                      }
                    });
                default -> skip();
              }
            });
        default -> skip();
      }
    });
    return new ValueInfo(name[0], type[0], shape.isEmpty() ? null : shape.getFirst());
  }

  private List<Object> shape() throws IOException {
    List<Object> dims = new ArrayList<>();
    message(number -> {
      switch (number) {
        case ValueInfo.DIM -> dims.add(inside(this::dim));
        default -> skip();
      }
    });
    return dims;
  }

  private Object dim() throws IOException {
    Object[] dim = {"?"};
    message(number -> {
      switch (number) {
        case ValueInfo.DIM_SIZE -> dim[0] = number();
        case ValueInfo.DIM_NAME -> dim[0] = text();
        default -> skip();
      }
    });
    return dim[0];
  }

  private Map.Entry<String, Long> opset() throws IOException {
    String[] domain = {""};
    long[] version = {0};
    message(number -> {
      switch (number) {
        case Proto.KEY -> domain[0] = text();
        case Proto.VALUE -> version[0] = number();
        default -> skip();
      }
    });
    return Map.entry(domain[0].equals("ai.onnx") ? "" : domain[0], version[0]);
  }

  private Map.Entry<String, String> entry() throws IOException {
    String[] texts = {"", ""};
    message(number -> {
      switch (number) {
        case Proto.KEY, Proto.VALUE -> texts[number - Proto.KEY] = text();
        default -> skip();
      }
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
      if (wire() == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
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
