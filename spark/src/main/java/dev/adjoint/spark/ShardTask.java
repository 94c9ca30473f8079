package dev.adjoint.spark;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Memory;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.Buffer;
import dev.adjoint.nn.Layer;
import dev.adjoint.optim.Optimizer;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.NonFiniteException;
import dev.adjoint.training.Position;
import dev.adjoint.training.data.Batch;
import java.io.Serial;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.api.java.function.Function0;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.broadcast.Broadcast;
import org.jspecify.annotations.Nullable;
import scala.Tuple2;

/**
 * What a shard contributes to a step, as a task of an executor: a function of the weights, the seed
 * and the place, and of nothing that happened before.
 *
 * <p>The message that it returns has the gradient of the mean loss of all shards, as far as this
 * one's examples matter; after local steps, the way from the weights after them back to those
 * before, in the same share. Its numbers are sums over examples: how many there are, their losses,
 * each parameter's if it took part, and each buffer's elements.
 *
 * @param version of the driver
 * @param training a name that no other training has
 * @param frozen which parameters do not learn
 * @param weights parameters and buffers
 * @param step the number of the first batch in the epoch
 * @param until the number of the batch after the last
 * @param batches in the epoch
 * @param examples in these batches, of all shards
 * @param learns false if only the loss is asked for, in eval mode
 */
record ShardTask<M extends Layer, Y>(
    String version,
    String training,
    Function0<M> structure,
    Function2<M, Batch<Tensor, Y>, Tensor> loss,
    @Nullable Function<M, Optimizer> local,
    int[] exampleShape,
    boolean classes,
    Message.Format format,
    long seed,
    boolean[] frozen,
    Broadcast<byte[]> weights,
    int epoch,
    int step,
    int until,
    int batches,
    long examples,
    boolean learns)
    implements Function2<Integer, Iterator<Tuple2<float[], float[]>>, Iterator<byte[]>> {

  @Serial private static final long serialVersionUID = 1;

  /** The examples of a shard in some batches are those from here on in its order of the epoch. */
  static int from(int size, int step, int batches) {
    return (int) ((long) size * step / batches);
  }

  @Override
  public Iterator<byte[]> call(Integer shard, Iterator<Tuple2<float[], float[]>> partition)
      throws Exception {
    Versions.require(version);
    Tuple2<float[], float[]> arrays = partition.next();
    M model = Replicas.take(training, structure);
    load(model);
    reseed(model, shard);
    byte[] message =
        Memory.step(() -> {
          try {
            return contribution(model, shard, arrays).bytes(format);
          } catch (RuntimeException e) {
            throw e;
          } catch (Exception e) {
            throw new IllegalStateException("shard %d: %s".formatted(shard, e), e);
          }
        });
    Replicas.give(training, model);
    return List.of(message).iterator();
  }

  private void load(M model) {
    Message state = Message.of(weights.value());
    List<Parameter> parameters = model.parameters();
    List<Tensor> values =
        parted(state.values(), parameters.stream().map(Parameter::value).toList());
    Map<Parameter, Tensor> byParameter = new LinkedHashMap<>();
    for (int i = 0; i < frozen.length; i++) {
      Parameter parameter = parameters.get(i);
      byParameter.put(parameter, values.get(i));
      if (frozen[i]) {
        parameter.freeze();
      } else {
        parameter.unfreeze();
      }
    }
    Parameter.assign(byParameter);
    Collection<Buffer> buffers = model.namedBuffers().values();
    Iterator<Tensor> news =
        parted(state.numbers(), buffers.stream().map(Buffer::value).toList()).iterator();
    buffers.forEach(buffer -> buffer.assign(news.next()));
    if (learns) {
      model.train();
    } else {
      model.eval();
    }
  }

  private static List<Tensor> parted(Tensor flat, List<Tensor> like) {
    return Message.parted(flat, like);
  }

  /** What layers draw at random depends on the place alone, too. */
  private void reseed(M model, int shard) {
    int number = 0;
    for (Generator generator : model.generators()) {
      generator.load(Generator.seeded(seed(epoch, step, shard, ++number)).state());
    }
  }

  private long seed(int... place) {
    long hash = seed;
    for (int each : place) {
      hash = Long.rotateLeft((hash ^ each) * 0x9E3779B97F4A7C15L, 31);
    }
    return hash;
  }

  private Message contribution(M model, int shard, Tuple2<float[], float[]> arrays)
      throws Exception {
    int width = Shape.of(exampleShape).size();
    int size = arrays._1.length / width;
    int own = from(size, until, batches) - from(size, step, batches);
    List<Parameter> parameters = model.parameters();
    Optimizer optimizer = local == null || !learns ? null : local.call(model);
    List<Tensor> before =
        parameters.stream()
            .map(p -> optimizer == null ? p.value().untracked() : p.value().untracked().copy())
            .toList();
    double losses = 0;
    Gradients gradients = null;
    for (int at = step; at < until; at++) {
      int first = from(size, at, batches);
      int last = from(size, at + 1, batches);
      if (first == last) {
        continue;
      }
      int[] order = Replicas.order(seed(epoch, shard), size);
      Batch<Tensor, Y> batch = batch(arrays, order, first, last, width);
      if (!learns) {
        losses += Autodiff.noGrad(() -> loss(model, batch)).item() * batch.size();
        continue;
      }
      Tensor value = loss(model, batch);
      if (!Double.isFinite(value.item())) {
        throw NonFiniteException.of(
            "the loss of shard " + shard,
            value.item(),
            new Position(epoch, at, at),
            model,
            batch,
            () -> loss(model, batch));
      }
      losses += value.item() * batch.size();
      gradients = value.backward();
      if (optimizer != null) {
        optimizer.step(gradients);
      }
    }
    List<Tensor> numbers = new ArrayList<>();
    numbers.add(Tensor.of((double) own, losses));
    List<Tensor> ways = new ArrayList<>();
    if (learns) {
      double[] part = new double[parameters.size()];
      for (int i = 0; i < part.length; i++) {
        Parameter parameter = parameters.get(i);
        part[i] = gradients != null && gradients.contains(parameter) ? own : 0;
        ways.add(
            optimizer != null || gradients == null
                ? before.get(i).minus(parameter.value().untracked())
                : gradients.orZeros(parameter));
      }
      numbers.add(Tensor.of(part));
      for (Buffer buffer : model.namedBuffers().values()) {
        numbers.add(buffer.value().to(DType.FLOAT64).times(own));
      }
    }
    Tensor way = Message.joined(ways, Message.typeOf(parameters));
    return new Message(
        own == examples ? way : way.times((double) own / examples),
        Message.joined(numbers, DType.FLOAT64));
  }

  private Tensor loss(M model, Batch<Tensor, Y> batch) {
    try {
      return loss.call(model, batch);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("loss: " + e, e);
    }
  }

  @SuppressWarnings("unchecked") // Y is what the flag says
  private Batch<Tensor, Y> batch(
      Tuple2<float[], float[]> arrays, int[] order, int first, int last, int width) {
    int n = last - first;
    int[] sizes = new int[exampleShape.length + 1];
    sizes[0] = n;
    System.arraycopy(exampleShape, 0, sizes, 1, exampleShape.length);
    Tensor inputs = Tensor.of(rows(arrays._1, order, first, last, width), sizes);
    int wide = arrays._2.length / order.length;
    float[] targets = rows(arrays._2, order, first, last, wide);
    Object y;
    if (classes) {
      int[] labels = new int[targets.length];
      for (int i = 0; i < labels.length; i++) {
        labels[i] = (int) targets[i];
        if (labels[i] != targets[i] || labels[i] < 0) {
          throw new IllegalArgumentException(
              "ShardedData: the class %s; expected a whole number from 0".formatted(targets[i]));
        }
      }
      y = IntTensor.of(labels);
    } else {
      y = Tensor.of(targets, n, wide);
    }
    return new Batch<>(inputs, (Y) y, n);
  }

  private static float[] rows(float[] from, int[] order, int first, int last, int width) {
    float[] rows = new float[(last - first) * width];
    for (int i = first; i < last; i++) {
      System.arraycopy(from, order[i] * width, rows, (i - first) * width, width);
    }
    return rows;
  }
}
