package io.resnetspark.train.worker;

import io.resnetspark.image.BadImageException;
import io.resnetspark.input.Preprocessing;
import io.resnetspark.input.TestTimeCrops;
import java.io.IOException;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Images of shards, drawn one after the other into what a network takes. */
public final class Minibatch {
    /** Views of images in a forward pass of an evaluation, if they are as large as the network's crops. */
    public static final int EVALUATION_CROPS = 50;

    private final Preprocessing preprocessing;
    private final float[] planes;
    private final float[] images;
    private int count;

    /** @param images that there will be */
    public Minibatch(int images, Preprocessing preprocessing) {
        this.preprocessing = preprocessing;
        this.planes = new float[preprocessing.elements()];
        this.images = new float[Math.multiplyExact(images, planes.length)];
    }

    /** Draws the next image as it is seen in this epoch. */
    public void add(ShardCache.Loaded shard, int index, long seed, long epoch) throws IOException {
        String key = shard.key(index);
        try {
            preprocessing.apply(shard.image(index), seed, epoch, key, planes);
        } catch (BadImageException changed) {
            throw noMore(key, changed);
        }
        append(planes);
    }

    /** An image's views; it is decoded once. */
    public static List<Preprocessing.View> draw(
            ShardCache.Loaded shard, int index, Preprocessing preprocessing, TestTimeCrops views) throws IOException {
        try {
            return preprocessing.views(shard.image(index), views);
        } catch (BadImageException changed) {
            throw noMore(shard.key(index), changed);
        }
    }

    private static IOException noMore(String key, BadImageException changed) {
        return new IOException(key + " was an image when it was prepared", changed);
    }

    /** Adds planes of the preprocessing's size. */
    private void append(float[] drawn) {
        System.arraycopy(drawn, 0, images, count++ * drawn.length, drawn.length);
    }

    /** What was added: images x 3 x side x side. */
    public INDArray images() {
        int side = preprocessing.crop().side();
        return Nd4j.createFromArray(images).reshape(count, 3, side, side);
    }
}
