package dev.adjoint.spark;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.TreeMap;
import org.apache.spark.HashPartitioner;
import org.apache.spark.api.java.JavaRDD;
import scala.Tuple2;

/**
 * Adds messages up on executors: each a part of all of them, so that the driver receives the bytes
 * of one. The bits are those of {@link Message#sum}.
 */
final class Reduction {

  private static final int MOST_PARTS = 64;

  private Reduction() {}

  /**
   * Returns the sum of the messages of so many shards, a partition of one each.
   *
   * @param format that they have
   */
  static Message sum(JavaRDD<byte[]> messages, int shards, Message.Format format) {
    int parts = Math.min(shards, MOST_PARTS);
    TreeMap<Integer, byte[]> sums = new TreeMap<>();
    Failures.await(
            messages
                .mapPartitionsWithIndex(
                    (shard, message) -> split(shard, message.next(), parts, format), true)
                .mapToPair(part -> part)
                .groupByKey(new HashPartitioner(parts))
                .mapValues(Reduction::sum)
                .collectAsync())
        .forEach(sum -> sums.put(sum._1, sum._2));
    return Message.ofParts(sums.values().stream().map(Message::of).toList());
  }

  private static Iterator<Tuple2<Integer, Tuple2<Integer, byte[]>>> split(
      int shard, byte[] bytes, int parts, Message.Format format) {
    Message message = Message.of(bytes);
    List<Tuple2<Integer, Tuple2<Integer, byte[]>>> split = new ArrayList<>();
    for (int part = 0; part < parts; part++) {
      byte[] own = message.part(part, parts).bytes(format);
      split.add(new Tuple2<>(part, new Tuple2<>(shard, own)));
    }
    return split.iterator();
  }

  private static byte[] sum(Iterable<Tuple2<Integer, byte[]>> ofShards) {
    TreeMap<Integer, Message> ordered = new TreeMap<>();
    ofShards.forEach(message -> ordered.put(message._1, Message.of(message._2)));
    Message sum = Message.sum(List.copyOf(ordered.values()));
    return sum.bytes(sum.format());
  }
}
