package io.resnetspark.train.evaluate;

import io.resnetspark.image.CropRegion;
import io.resnetspark.image.RgbImage;
import io.resnetspark.input.EvaluationProtocol;
import io.resnetspark.model.graph.NetworkGraph;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Protocols as anybody would write them: whole images are resized, cut and mirrored pixel by pixel. */
final class ObviousProtocols {
    static final List<Integer> SCALES = List.of(28, 32, 45);
    static final float[] MEAN = {120, 115, 100};
    static final float[] STD = {60, 50, 40};

    private ObviousProtocols() {}

    private static int classes(NetworkGraph graph) {
        return (int) graph.getParam("fc_W").size(1);
    }

    /** An image, resized as a whole and normalised. */
    private static float[][][] resized(RgbImage image, int shorter) {
        CropRegion region = CropRegion.resized(image, shorter);
        float[] planes = new float[3 * region.height() * region.width()];
        image.readPlanes(region, planes);
        float[][][] pixels = new float[3][region.height()][region.width()];
        for (int c = 0; c < 3; c++) {
            for (int y = 0; y < region.height(); y++) {
                for (int x = 0; x < region.width(); x++) {
                    float level = planes[(c * region.height() + y) * region.width() + x];
                    pixels[c][y][x] = (level - MEAN[c]) / STD[c];
                }
            }
        }
        return pixels;
    }

    private static float[][][] crop(float[][][] pixels, int top, int left, int side) {
        float[][][] crop = new float[3][side][side];
        for (int c = 0; c < 3; c++) {
            for (int y = 0; y < side; y++) {
                System.arraycopy(pixels[c][top + y], left, crop[c][y], 0, side);
            }
        }
        return crop;
    }

    private static float[][][] mirrored(float[][][] pixels) {
        float[][][] mirror = new float[3][pixels[0].length][pixels[0][0].length];
        for (int c = 0; c < 3; c++) {
            for (int y = 0; y < mirror[c].length; y++) {
                for (int x = 0; x < mirror[c][y].length; x++) {
                    mirror[c][y][x] = pixels[c][y][mirror[c][y].length - 1 - x];
                }
            }
        }
        return mirror;
    }

    static double[] mean(NetworkGraph graph, List<float[][][]> views) {
        double[] mean = new double[classes(graph)];
        for (float[][][] view : views) {
            int height = view[0].length;
            INDArray one = Nd4j.createFromArray(new float[][][][] {view}).reshape(1, 3, height, view[0][0].length);
            INDArray features = graph.feedForward(one, false).get("layer3.2");
            double[] scores = scoresOfEveryPosition(graph, features);
            double sum = 0;
            for (double score : scores) {
                sum += Math.exp(score);
            }
            for (int c = 0; c < mean.length; c++) {
                mean[c] += Math.exp(scores[c]) / sum / views.size();
            }
        }
        return mean;
    }

    /** The classifier as a 1x1 convolution, and the mean of its map. */
    private static double[] scoresOfEveryPosition(NetworkGraph graph, INDArray features) {
        double[][] weights = graph.getParam("fc_W").toDoubleMatrix(); // features x classes
        double[] bias = graph.getParam("fc_b").toDoubleVector();
        double[] values = features.dup('c').data().asDouble();
        int positions = (int) (features.size(2) * features.size(3));
        double[] scores = new double[classes(graph)];
        for (int c = 0; c < scores.length; c++) {
            for (int position = 0; position < positions; position++) {
                double score = bias[c];
                for (int f = 0; f < weights.length; f++) {
                    score += values[f * positions + position] * weights[f][c];
                }
                scores[c] += score / positions;
            }
        }
        return scores;
    }

    static List<float[][][]> views(EvaluationProtocol protocol, RgbImage image) {
        List<float[][][]> views = new ArrayList<>();
        if (protocol == EvaluationProtocol.MULTI_SCALE) {
            for (int scale : SCALES) {
                views.add(resized(image, scale));
                views.add(mirrored(resized(image, scale)));
            }
            return views;
        }
        float[][][] whole = resized(image, 36);
        int down = whole[0].length - 32;
        int right = whole[0][0].length - 32;
        int[] middle = {(int) Math.rint(down / 2.0), (int) Math.rint(right / 2.0)};
        if (protocol == EvaluationProtocol.ONE_CROP) {
            views.add(crop(whole, middle[0], middle[1], 32));
            return views;
        }
        for (float[][][] side : List.of(whole, mirrored(whole))) {
            for (int[] corner : new int[][] {{0, 0}, {0, right}, {down, 0}, {down, right}, middle}) {
                views.add(crop(side, corner[0], corner[1], 32));
            }
        }
        return views;
    }
}
