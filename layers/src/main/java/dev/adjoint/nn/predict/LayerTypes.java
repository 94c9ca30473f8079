package dev.adjoint.nn.predict;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Maps;
import dev.adjoint.nn.Activation;
import dev.adjoint.nn.AdaptiveAvgPool;
import dev.adjoint.nn.AdaptiveMaxPool;
import dev.adjoint.nn.AvgPool1d;
import dev.adjoint.nn.AvgPool2d;
import dev.adjoint.nn.AvgPool3d;
import dev.adjoint.nn.ChannelsLast;
import dev.adjoint.nn.Conv1d;
import dev.adjoint.nn.Conv2d;
import dev.adjoint.nn.Conv3d;
import dev.adjoint.nn.ConvTranspose1d;
import dev.adjoint.nn.ConvTranspose2d;
import dev.adjoint.nn.Description;
import dev.adjoint.nn.Dropout;
import dev.adjoint.nn.Embedding;
import dev.adjoint.nn.Flatten;
import dev.adjoint.nn.GlobalAvgPool;
import dev.adjoint.nn.GlobalMaxPool;
import dev.adjoint.nn.LayerScale;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.MaxPool1d;
import dev.adjoint.nn.MaxPool2d;
import dev.adjoint.nn.MaxPool3d;
import dev.adjoint.nn.PReLU;
import dev.adjoint.nn.PixelShuffle;
import dev.adjoint.nn.PixelUnshuffle;
import dev.adjoint.nn.Residual;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.TLU;
import dev.adjoint.nn.Upsample;
import dev.adjoint.nn.norm.AdaIN;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.BatchRenorm;
import dev.adjoint.nn.norm.ConditionalNorm;
import dev.adjoint.nn.norm.ConditionalResidual;
import dev.adjoint.nn.norm.DecorrelatedBatchNorm;
import dev.adjoint.nn.norm.Derf;
import dev.adjoint.nn.norm.DivisiveNorm;
import dev.adjoint.nn.norm.DyT;
import dev.adjoint.nn.norm.EvoNormB0;
import dev.adjoint.nn.norm.EvoNormS0;
import dev.adjoint.nn.norm.FilterResponseNorm;
import dev.adjoint.nn.norm.GhostBatchNorm;
import dev.adjoint.nn.norm.GlobalResponseNorm;
import dev.adjoint.nn.norm.GroupNorm;
import dev.adjoint.nn.norm.Imputation;
import dev.adjoint.nn.norm.InstanceNorm;
import dev.adjoint.nn.norm.IterNorm;
import dev.adjoint.nn.norm.L1BatchNorm;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.nn.norm.LocalResponseNorm;
import dev.adjoint.nn.norm.MeanOnlyBatchNorm;
import dev.adjoint.nn.norm.RMSNorm;
import dev.adjoint.nn.norm.ScaleNorm;
import dev.adjoint.nn.norm.Standardization;
import dev.adjoint.nn.norm.SwitchableNorm;
import dev.adjoint.nn.norm.UnitNorm;
import dev.adjoint.nn.norm.Whitening;
import dev.adjoint.nn.reparam.CosineNorm;
import dev.adjoint.nn.sequence.CausalLanguageModel;
import dev.adjoint.nn.sequence.GRU;
import dev.adjoint.nn.sequence.GatedFeedForward;
import dev.adjoint.nn.sequence.LSTM;
import dev.adjoint.nn.sequence.MultiHeadAttention;
import dev.adjoint.nn.sequence.PositionalEncoding;
import dev.adjoint.nn.sequence.QueryKeyNorm;
import dev.adjoint.nn.sequence.RNN;
import dev.adjoint.nn.sequence.TransformerDecoderLayer;
import dev.adjoint.nn.sequence.TransformerEncoder;
import dev.adjoint.nn.sequence.TransformerEncoderLayer;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The classes that a file may name, and what makes their objects: no other is looked for. */
final class LayerTypes {

  private static final ImmutableMap<Class<?>, Function<Description, ?>> FACTORIES =
      ImmutableMap.<Class<?>, Function<Description, ?>>builder()
          .put(Activation.class, Activation::of)
          .put(AdaptiveAvgPool.class, AdaptiveAvgPool::new)
          .put(AdaptiveMaxPool.class, AdaptiveMaxPool::new)
          .put(AdaIN.class, AdaIN::new)
          .put(AvgPool1d.class, AvgPool1d::new)
          .put(AvgPool2d.class, AvgPool2d::new)
          .put(AvgPool3d.class, AvgPool3d::new)
          .put(BatchNorm.class, BatchNorm::new)
          .put(BatchRenorm.class, BatchRenorm::new)
          .put(CausalLanguageModel.class, CausalLanguageModel::new)
          .put(ConditionalNorm.class, ConditionalNorm::new)
          .put(ConditionalResidual.class, ConditionalResidual::new)
          .put(Conv1d.class, Conv1d::new)
          .put(Conv2d.class, Conv2d::new)
          .put(Conv3d.class, Conv3d::new)
          .put(ConvTranspose1d.class, ConvTranspose1d::new)
          .put(ConvTranspose2d.class, ConvTranspose2d::new)
          .put(CosineNorm.class, CosineNorm::new)
          .put(DecorrelatedBatchNorm.class, DecorrelatedBatchNorm::new)
          .put(Derf.class, Derf::new)
          .put(DivisiveNorm.class, DivisiveNorm::new)
          .put(Dropout.class, Dropout::new)
          .put(DyT.class, DyT::new)
          .put(Embedding.class, Embedding::new)
          .put(EvoNormB0.class, EvoNormB0::new)
          .put(EvoNormS0.class, EvoNormS0::new)
          .put(FilterResponseNorm.class, FilterResponseNorm::new)
          .put(ChannelsLast.class, from -> new ChannelsLast())
          .put(Flatten.class, from -> new Flatten())
          .put(GRU.class, GRU::new)
          .put(GhostBatchNorm.class, GhostBatchNorm::new)
          .put(GatedFeedForward.class, GatedFeedForward::new)
          .put(GlobalAvgPool.class, from -> new GlobalAvgPool())
          .put(GlobalMaxPool.class, from -> new GlobalMaxPool())
          .put(GlobalResponseNorm.class, GlobalResponseNorm::new)
          .put(GroupNorm.class, GroupNorm::new)
          .put(Imputation.class, Imputation::new)
          .put(InstanceNorm.class, InstanceNorm::new)
          .put(IterNorm.class, IterNorm::new)
          .put(L1BatchNorm.class, L1BatchNorm::new)
          .put(LSTM.class, LSTM::new)
          .put(LayerNorm.class, LayerNorm::new)
          .put(LayerScale.class, LayerScale::new)
          .put(Linear.class, Linear::new)
          .put(LocalResponseNorm.class, LocalResponseNorm::new)
          .put(MaxPool1d.class, MaxPool1d::new)
          .put(MaxPool2d.class, MaxPool2d::new)
          .put(MaxPool3d.class, MaxPool3d::new)
          .put(MeanOnlyBatchNorm.class, MeanOnlyBatchNorm::new)
          .put(MultiHeadAttention.class, MultiHeadAttention::new)
          .put(PReLU.class, PReLU::new)
          .put(PixelShuffle.class, PixelShuffle::new)
          .put(PixelUnshuffle.class, PixelUnshuffle::new)
          .put(PositionalEncoding.class, PositionalEncoding::new)
          .put(QueryKeyNorm.class, QueryKeyNorm::new)
          .put(RMSNorm.class, RMSNorm::new)
          .put(RNN.class, RNN::new)
          .put(Residual.class, Residual::new)
          .put(ScaleNorm.class, ScaleNorm::new)
          .put(Sequential.class, Sequential::new)
          .put(Standardization.class, Standardization::new)
          .put(SwitchableNorm.class, SwitchableNorm::new)
          .put(TLU.class, TLU::new)
          .put(TransformerDecoderLayer.class, TransformerDecoderLayer::new)
          .put(TransformerEncoder.class, TransformerEncoder::new)
          .put(TransformerEncoderLayer.class, TransformerEncoderLayer::new)
          .put(UnitNorm.class, UnitNorm::new)
          .put(Upsample.class, Upsample::new)
          .put(Whitening.class, Whitening::new)
          .buildOrThrow();

  private static final ImmutableMap<String, Class<?>> BY_NAME =
      Maps.uniqueIndex(FACTORIES.keySet(), Class::getSimpleName);

  private LayerTypes() {}

  /** Returns what makes objects of a class of this name, or null. */
  static @Nullable Function<Description, ?> factory(
      String name, Map<String, ? extends Function<Description, ?>> more) {
    Class<?> type = BY_NAME.get(name);
    return type == null ? more.get(name) : FACTORIES.get(type);
  }

  /** Tells whether a name stands for one of our classes. */
  static boolean isBuiltIn(String name) {
    return BY_NAME.containsKey(name);
  }

  /** Tells whether something is of one of our classes. */
  static boolean isBuiltIn(Object thing) {
    return FACTORIES.containsKey(thing.getClass());
  }
}
