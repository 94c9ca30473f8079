package dev.adjoint.nn.predict;

import com.google.common.collect.ImmutableMap;
import dev.adjoint.nn.Activation;
import dev.adjoint.nn.AvgPool1d;
import dev.adjoint.nn.AvgPool2d;
import dev.adjoint.nn.Conv1d;
import dev.adjoint.nn.Conv2d;
import dev.adjoint.nn.Description;
import dev.adjoint.nn.Dropout;
import dev.adjoint.nn.Embedding;
import dev.adjoint.nn.Flatten;
import dev.adjoint.nn.GlobalAvgPool;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.MaxPool1d;
import dev.adjoint.nn.MaxPool2d;
import dev.adjoint.nn.PReLU;
import dev.adjoint.nn.Residual;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.DecorrelatedBatchNorm;
import dev.adjoint.nn.norm.GroupNorm;
import dev.adjoint.nn.norm.Imputation;
import dev.adjoint.nn.norm.InstanceNorm;
import dev.adjoint.nn.norm.IterNorm;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.nn.norm.RMSNorm;
import dev.adjoint.nn.norm.ScaleNorm;
import dev.adjoint.nn.norm.Standardization;
import dev.adjoint.nn.norm.Whitening;
import dev.adjoint.nn.reparam.CosineNorm;
import dev.adjoint.nn.sequence.GRU;
import dev.adjoint.nn.sequence.LSTM;
import dev.adjoint.nn.sequence.MultiHeadAttention;
import dev.adjoint.nn.sequence.PositionalEncoding;
import dev.adjoint.nn.sequence.RNN;
import dev.adjoint.nn.sequence.TransformerEncoder;
import dev.adjoint.nn.sequence.TransformerEncoderLayer;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Lists the classes that a file may name, and what makes their objects. A file is data: no other
 * class is looked for.
 */
final class LayerTypes {

  /** One class, and the constructor that takes a description. */
  private record Type<T>(Class<T> type, Function<Description, T> factory) {}

  private static final ImmutableMap<String, Type<?>> BUILT_IN =
      byName(
          new Type<>(Activation.class, Activation::of),
          new Type<>(AvgPool1d.class, AvgPool1d::new),
          new Type<>(AvgPool2d.class, AvgPool2d::new),
          new Type<>(BatchNorm.class, BatchNorm::new),
          new Type<>(Conv1d.class, Conv1d::new),
          new Type<>(Conv2d.class, Conv2d::new),
          new Type<>(CosineNorm.class, CosineNorm::new),
          new Type<>(DecorrelatedBatchNorm.class, DecorrelatedBatchNorm::new),
          new Type<>(Dropout.class, Dropout::new),
          new Type<>(Embedding.class, Embedding::new),
          new Type<>(Flatten.class, from -> new Flatten()),
          new Type<>(GRU.class, GRU::new),
          new Type<>(GlobalAvgPool.class, from -> new GlobalAvgPool()),
          new Type<>(GroupNorm.class, GroupNorm::new),
          new Type<>(Imputation.class, Imputation::new),
          new Type<>(InstanceNorm.class, InstanceNorm::new),
          new Type<>(IterNorm.class, IterNorm::new),
          new Type<>(LSTM.class, LSTM::new),
          new Type<>(LayerNorm.class, LayerNorm::new),
          new Type<>(Linear.class, Linear::new),
          new Type<>(MaxPool1d.class, MaxPool1d::new),
          new Type<>(MaxPool2d.class, MaxPool2d::new),
          new Type<>(MultiHeadAttention.class, MultiHeadAttention::new),
          new Type<>(PReLU.class, PReLU::new),
          new Type<>(PositionalEncoding.class, PositionalEncoding::new),
          new Type<>(RMSNorm.class, RMSNorm::new),
          new Type<>(RNN.class, RNN::new),
          new Type<>(Residual.class, Residual::new),
          new Type<>(ScaleNorm.class, ScaleNorm::new),
          new Type<>(Sequential.class, Sequential::new),
          new Type<>(Standardization.class, Standardization::new),
          new Type<>(TransformerEncoder.class, TransformerEncoder::new),
          new Type<>(TransformerEncoderLayer.class, TransformerEncoderLayer::new),
          new Type<>(Whitening.class, Whitening::new));

  private LayerTypes() {}

  /** Returns what makes objects of a class of this name, or null. */
  static @Nullable Function<Description, ?> factory(
      String name, Map<String, ? extends Function<Description, ?>> more) {
    Type<?> type = BUILT_IN.get(name);
    return type == null ? more.get(name) : type.factory;
  }

  /** Tells whether a name stands for one of our classes. */
  static boolean isBuiltIn(String name) {
    return BUILT_IN.containsKey(name);
  }

  /** Tells whether something is of one of our classes. */
  static boolean isBuiltIn(Object thing) {
    Type<?> type = BUILT_IN.get(thing.getClass().getSimpleName());
    return type != null && type.type == thing.getClass();
  }

  private static ImmutableMap<String, Type<?>> byName(Type<?>... types) {
    ImmutableMap.Builder<String, Type<?>> byName = ImmutableMap.builder();
    for (Type<?> type : types) {
      byName.put(type.type.getSimpleName(), type);
    }
    return byName.buildOrThrow();
  }
}
