package dev.adjoint.kernel;

import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_void;
import static java.lang.constant.ConstantDescs.INIT_NAME;
import static java.lang.constant.ConstantDescs.MTD_void;
import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.joining;

import dev.adjoint.kernel.Formula.Call;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.Instruction;
import java.lang.classfile.Label;
import java.lang.classfile.MethodModel;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandles.Lookup;
import java.lang.reflect.Array;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntSupplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Writes the classes of {@link Loop}s: a formula's functions one after another in one loop, with
 * all values in registers.
 *
 * <p>On vectors the functions' own code is copied into the loop. A vector is an object until C2 has
 * inlined everything that takes or returns one, and calls of methods that are not the JDK's are
 * inlined by rules that depend on what has been compiled before (ADR 38).
 */
public final class LoopWriter {

  /** Bytes of code that is best in one loop (ADR 28); C2 compiles up to 8,000. */
  private static final double MOST_BYTES = 800;

  private static final MethodTypeDesc SHORT =
      MethodTypeDesc.of(
          CD_int, CD_Object, CD_int, CD_Object, CD_int, CD_Object, CD_int, CD_Object, CD_int,
          CD_int, CD_int);

  private static final MethodTypeDesc LONG =
      MethodTypeDesc.of(CD_int, CD_Object.arrayType(), CD_int.arrayType(), CD_int, CD_int);

  private static final ClassDesc SPECIES = ClassDesc.of("jdk.incubator.vector.VectorSpecies");

  private final Lookup lookup;
  private final Class<?> arrays;
  private final List<ClassDesc> functions;
  private final IntSupplier lanes;
  private final boolean isVector;
  private final ClassDesc operand;
  private final ClassDesc array;
  private final ClassDesc element;
  private final ClassDesc lanesClass;
  private final TypeKind kind;
  private final TypeKind elementKind;
  private final Map<ClassDesc, ClassModel> models = new HashMap<>();

  /** A function, where it is written. */
  private record Function(ClassDesc owner, String name, MethodTypeDesc type) {}

  /**
   * Makes a writer of loops over functions, of which nothing is initialized before it is used.
   *
   * @param lookup a lookup of the package that the functions are in
   * @param operand the type of the functions' parameters and results
   * @param array the type of arrays
   * @param lanes how many elements the functions compute at once
   * @param functions the classes to search, in this order; the first has the {@code SPECIES} of
   *     vectors
   */
  public LoopWriter(
      Lookup lookup, Class<?> operand, Class<?> array, IntSupplier lanes, Class<?>... functions) {
    this.lookup = lookup;
    this.arrays = array;
    this.lanes = lanes;
    this.functions = Arrays.stream(functions).map(LoopWriter::describe).toList();
    this.operand = describe(operand);
    this.array = describe(array);
    this.element = this.array.componentType();
    this.lanesClass = this.functions.getFirst();
    this.isVector = !operand.isPrimitive();
    this.kind = TypeKind.from(this.operand);
    this.elementKind = TypeKind.from(element);
  }

  private Optional<Function> find(String name, int arity) {
    MethodTypeDesc type = MethodTypeDesc.of(operand, Collections.nCopies(arity, operand));
    return functions.stream()
        .map(owner -> new Function(owner, name, type))
        .filter(function -> code(function).isPresent())
        .findFirst();
  }

  private Function get(Call call) {
    int arity = call.operands().size();
    return find(call.function(), arity)
        .orElseThrow(() ->
            new IllegalArgumentException(
                "No function '%s' of %d value%s: add it to one of %s"
                    .formatted(
                        call.function(),
                        arity,
                        arity == 1 ? "" : "s",
                        functions.stream().map(ClassDesc::displayName).collect(joining(", ")))));
  }

  int lanes() {
    return lanes.getAsInt();
  }

  Object newArray(int length) {
    return Array.newInstance(arrays.componentType(), length);
  }

  /** Returns whether all functions of a formula are there. */
  synchronized boolean knows(Formula formula) {
    return formula.calls().stream()
        .allMatch(c -> find(c.function(), c.operands().size()).isPresent());
  }

  /** Throws if a function of a formula is not there. */
  synchronized void require(Formula formula) {
    formula.calls().forEach(this::get);
  }

  /** Returns how much of a loop a function takes, with all that it calls; 0 if it is not there. */
  public synchronized double share(String function, int arity) {
    return find(function, arity).map(f -> bytes(f) / MOST_BYTES).orElse(0.0);
  }

  /** Returns how much of a loop all functions of a formula take. */
  double share(Formula formula) {
    return formula.calls().stream()
        .mapToDouble(c -> share(c.function(), c.operands().size()))
        .sum();
  }

  private int bytes(Function function) {
    int bytes = 0;
    for (CodeElement each : code(function).orElseThrow()) {
      bytes += each instanceof Instruction instruction ? instruction.sizeInBytes() : 0;
      if (each instanceof InvokeInstruction call && isOwn(call)) {
        bytes += bytes(function(call));
      }
    }
    return bytes;
  }

  /**
   * Writes a loop.
   *
   * @param repeated the bits of inputs that are one value
   */
  synchronized Loop.Body write(Formula formula, long repeated) {
    byte[] bytes =
        ClassFile.of()
            .build(
                ClassDesc.of(lanesClass.packageName(), "Loop"),
                made ->
                    made.withFlags(ClassFile.ACC_PUBLIC | ClassFile.ACC_FINAL | ClassFile.ACC_SUPER)
                        .withInterfaceSymbols(describe(Loop.Body.class))
                        .withMethodBody(
                            INIT_NAME,
                            MTD_void,
                            ClassFile.ACC_PUBLIC,
                            code ->
                                code.aload(0)
                                    .invokespecial(CD_Object, INIT_NAME, MTD_void)
                                    .return_())
                        .withMethodBody(
                            "run",
                            formula.isShort() ? SHORT : LONG,
                            ClassFile.ACC_PUBLIC,
                            code -> new Method(code, formula, repeated).write()));
    try {
      Lookup made = lookup.defineHiddenClass(bytes, true);
      return (Loop.Body) made.lookupClass().getDeclaredConstructor().newInstance();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("Cannot make a loop", e);
    }
  }

  /** The method that is being written: at, to and all values are local variables. */
  private final class Method {

    private final CodeBuilder code;
    private final Formula formula;
    private final long repeated;
    private final int at;
    private final int to;
    private final int[] arrays;
    private final int[] from;
    private final Map<Integer, Integer> values = new HashMap<>();

    Method(CodeBuilder code, Formula formula, long repeated) {
      this.code = code;
      this.formula = formula;
      this.repeated = repeated;
      this.at = code.parameterSlot(formula.isShort() ? 8 : 2);
      this.to = at + 1;
      this.arrays = new int[formula.inputs() + formula.results().size()];
      this.from = new int[arrays.length];
    }

    void write() {
      if (isVector) {
        count();
      }
      for (int k = 0; k < arrays.length; k++) {
        operand(k);
      }
      for (int k = 0; k < formula.inputs(); k++) {
        if (isRepeated(k)) {
          int input = k;
          splat(() -> code.aload(arrays[input]).iload(from[input]).arrayLoad(elementKind));
          store(k);
        }
      }
      for (int k = 0; k < formula.constants().size(); k++) {
        double value = formula.constants().get(k);
        splat(() -> {
          if (elementKind == TypeKind.FLOAT) {
            code.loadConstant((float) value);
          } else {
            code.loadConstant(value);
          }
        });
        store(-1 - k);
      }
      if (isVector) {
        species();
        code.iload(to).iload(at).isub();
        code.invokeinterface(SPECIES, "loopBound", MethodTypeDesc.of(CD_int, CD_int));
        code.iload(at).iadd().istore(to);
        loop(at, to, from);
        code.iload(at).ireturn();
        return;
      }
      // C2 vectorizes where all arrays have one index.
      Label apart = code.newLabel();
      int first = from[formula.inputs()]; // that of a result
      for (int k = 0; k < arrays.length; k++) {
        if (!isRepeated(k)) {
          code.iload(from[k]).iload(first).if_icmpne(apart);
        }
      }
      int index = code.allocateLocal(TypeKind.INT);
      int end = code.allocateLocal(TypeKind.INT);
      code.iload(at).iload(first).iadd().istore(index);
      code.iload(to).iload(first).iadd().istore(end);
      loop(index, end, null);
      code.iload(to).ireturn();
      code.labelBinding(apart);
      loop(at, to, from);
      code.iload(to).ireturn();
    }

    /** Counts down where there is nothing to compute, see {@link Loop.Body#run}. */
    private void count() {
      Label begin = code.newLabel();
      Label head = code.newLabel();
      Label out = code.newLabel();
      code.iload(to).iload(at).if_icmpge(begin);
      code.labelBinding(head).iload(at).iload(to).if_icmple(out);
      code.iinc(at, -1).goto_(head);
      code.labelBinding(out).iload(at).ireturn().labelBinding(begin);
    }

    private boolean isRepeated(int k) {
      return k < formula.inputs() && (repeated >> k & 1) == 1;
    }

    /** Makes local variables of an array and of where it starts. */
    private void operand(int k) {
      arrays[k] = code.allocateLocal(TypeKind.REFERENCE);
      if (formula.isShort()) {
        int parameter = 2 * (k < formula.inputs() ? k : 3);
        code.aload(code.parameterSlot(parameter));
        from[k] = code.parameterSlot(parameter + 1);
      } else {
        from[k] = code.allocateLocal(TypeKind.INT);
        code.aload(2).loadConstant(k).iaload().istore(from[k]);
        code.aload(1).loadConstant(k).aaload();
      }
      code.checkcast(array).astore(arrays[k]);
    }

    private void loop(int index, int end, int @Nullable [] starts) {
      Label head = code.newLabel();
      Label out = code.newLabel();
      code.labelBinding(head).iload(index).iload(end).if_icmpge(out);
      for (int k = 0; k < formula.inputs(); k++) {
        if (!isRepeated(k)) {
          if (isVector) {
            species();
          }
          place(k, index, starts);
          if (isVector) {
            code.invokestatic(
                operand, "fromArray", MethodTypeDesc.of(operand, SPECIES, array, CD_int));
          } else {
            code.arrayLoad(elementKind);
          }
          store(k);
        }
      }
      int next = formula.inputs();
      for (Call call : formula.calls()) {
        call.operands().forEach(this::load);
        Function function = get(call);
        if (isVector) {
          copy(function);
        } else {
          code.invokestatic(function.owner, function.name, function.type);
        }
        store(next++);
      }
      for (int k = formula.inputs(); k < arrays.length; k++) {
        int value = formula.results().get(k - formula.inputs());
        if (isVector) {
          load(value);
          place(k, index, starts);
          code.invokevirtual(operand, "intoArray", MethodTypeDesc.of(CD_void, array, CD_int));
        } else {
          place(k, index, starts);
          load(value);
          code.arrayStore(elementKind);
        }
      }
      code.iinc(index, lanes.getAsInt()).goto_(head).labelBinding(out);
    }

    private void place(int k, int index, int @Nullable [] starts) {
      code.aload(arrays[k]).iload(index);
      if (starts != null) {
        code.iload(starts[k]).iadd();
      }
    }

    private void species() {
      code.getstatic(lanesClass, "SPECIES", SPECIES);
    }

    /** Makes a value of one element. */
    private void splat(Runnable load) {
      if (isVector) {
        species();
      }
      load.run();
      if (isVector) {
        code.invokestatic(operand, "broadcast", MethodTypeDesc.of(operand, SPECIES, element));
      }
    }

    private void load(int value) {
      code.loadLocal(kind, local(values, value, kind));
    }

    private void store(int value) {
      code.storeLocal(kind, local(values, value, kind));
    }

    /** Returns the local variable of a number, made when it is first asked for. */
    private int local(Map<Integer, Integer> locals, int number, TypeKind kind) {
      return locals.computeIfAbsent(number, n -> code.allocateLocal(kind));
    }

    /** Copies the code of a function that returns at its end; its operands are on the stack. */
    private void copy(Function function) {
      Map<Integer, Integer> locals = new HashMap<>();
      Map<Label, Label> labels = new HashMap<>();
      UnaryOperator<Label> copied = x -> labels.computeIfAbsent(x, _ -> code.newLabel());
      List<ClassDesc> parameters = function.type.parameterList();
      int slot = parameters.stream().mapToInt(p -> TypeKind.from(p).slotSize()).sum();
      for (ClassDesc each : parameters.reversed()) {
        TypeKind passed = TypeKind.from(each);
        slot -= passed.slotSize();
        code.storeLocal(passed, local(locals, slot, passed));
      }
      for (CodeElement each : code(function).orElseThrow()) {
        switch (each) {
          case LoadInstruction x ->
              code.loadLocal(x.typeKind(), local(locals, x.slot(), x.typeKind()));
          case StoreInstruction x ->
              code.storeLocal(x.typeKind(), local(locals, x.slot(), x.typeKind()));
          case LabelTarget x -> code.labelBinding(copied.apply(x.label()));
          case BranchInstruction x -> code.branch(x.opcode(), copied.apply(x.target()));
          case ReturnInstruction end -> {} // its value is on the stack
          case InvokeInstruction call when isOwn(call) -> copy(function(call));
          case Instruction instruction -> code.with(instruction);
          default -> {} // line numbers and such
        }
      }
    }
  }

  private Optional<CodeModel> code(Function function) {
    return models.computeIfAbsent(function.owner, this::parsed).methods().stream()
        .filter(each -> each.methodName().equalsString(function.name))
        .filter(each -> each.methodTypeSymbol().equals(function.type))
        .findFirst()
        .flatMap(MethodModel::code);
  }

  private ClassModel parsed(ClassDesc owner) {
    String file = owner.displayName() + ".class";
    try (InputStream in = lookup.lookupClass().getResourceAsStream(file)) {
      return ClassFile.of().parse(requireNonNull(in, file).readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Function function(InvokeInstruction call) {
    return new Function(call.owner().asSymbol(), call.name().stringValue(), call.typeSymbol());
  }

  private boolean isOwn(InvokeInstruction call) {
    return functions.contains(call.owner().asSymbol());
  }

  private static ClassDesc describe(Class<?> type) {
    return type.describeConstable().orElseThrow();
  }
}
