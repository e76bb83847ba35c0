package io.resnetspark.train.evaluate;

import io.resnetspark.input.Preprocessing.View;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a network says of some images by one protocol: views of the same size go through it together, so many at once,
 * whatever other protocols see of them. The probabilities of an image's views are averaged.
 */
final class ProtocolBatches {
    /** A forward pass. */
    @FunctionalInterface
    interface Forward {
        /**
         * @param images count x 3 x height x width
         * @return of each, the probabilities of all classes
         */
        float[][] probabilities(float[] images, int count, int height, int width) throws IOException;
    }

    /** Views that wait for a pass, as a multiple of those of one pass: images have many sizes, and memory an end. */
    private static final int WAITING_PASSES = 4;

    private record Size(int height, int width) {}

    /** Views of one size, and the images that they are of. */
    private record Batch(List<float[]> views, List<Integer> images) {}

    private final Forward forward;
    private final long pixelsPerPass;
    private final float[][] means;
    private final int[] viewsOf;
    private final Map<Size, Batch> waiting = new LinkedHashMap<>();
    private long waitingPixels;

    /**
     * Begins.
     *
     * @param images that there will be
     * @param pixelsPerPass of all views in a forward pass, roughly; a larger view has one alone
     */
    ProtocolBatches(Forward forward, int images, long pixelsPerPass) {
        this.forward = forward;
        this.pixelsPerPass = pixelsPerPass;
        this.means = new float[images][];
        this.viewsOf = new int[images];
    }

    /** Adds an image with all its views. */
    void add(int image, List<View> views) throws IOException {
        viewsOf[image] = views.size();
        for (View view : views) {
            Size size = new Size(view.height(), view.width());
            Batch batch = waiting.computeIfAbsent(size, same -> new Batch(new ArrayList<>(), new ArrayList<>()));
            batch.views.add(view.planes());
            batch.images.add(image);
            waitingPixels += pixels(size);
            if (batch.views.size() >= pixelsPerPass / pixels(size)) {
                pass(size);
            }
        }
        while (waitingPixels > WAITING_PASSES * pixelsPerPass) {
            pass(waiting.entrySet().stream()
                    .max(Comparator.comparingLong(
                            entry -> entry.getValue().views.size() * pixels(entry.getKey())))
                    .orElseThrow()
                    .getKey());
        }
    }

    private static long pixels(Size size) {
        return (long) size.height * size.width;
    }

    private void pass(Size size) throws IOException {
        Batch batch = waiting.remove(size);
        int count = batch.views.size();
        waitingPixels -= count * pixels(size);
        int length = batch.views.get(0).length;
        float[] images = new float[Math.multiplyExact(count, length)];
        for (int i = 0; i < count; i++) {
            System.arraycopy(batch.views.get(i), 0, images, i * length, length);
        }
        float[][] probabilities = forward.probabilities(images, count, size.height, size.width);
        for (int i = 0; i < count; i++) {
            addTo(batch.images.get(i), probabilities[i]);
        }
    }

    private void addTo(int image, float... probabilities) {
        if (means[image] == null) {
            means[image] = new float[probabilities.length];
        }
        float[] mean = means[image];
        for (int c = 0; c < mean.length; c++) {
            mean[c] += probabilities[c] / viewsOf[image];
        }
    }

    /** Of each image, the mean probabilities of its views, once all images were added. */
    float[][] means() throws IOException {
        while (!waiting.isEmpty()) {
            pass(waiting.keySet().iterator().next());
        }
        return means;
    }
}
