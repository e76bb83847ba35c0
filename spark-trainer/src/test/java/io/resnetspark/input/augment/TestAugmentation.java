package io.resnetspark.input.augment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.resnetspark.common.Seeds;
import io.resnetspark.image.BadImageException;
import io.resnetspark.image.CropRegion;
import io.resnetspark.image.Image;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.image.RgbImage;
import io.resnetspark.input.Crop;
import io.resnetspark.input.Normalization;
import io.resnetspark.input.Preprocessing;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Lists of transforms, put together. */
class TestAugmentation {
    private static final int SIDE = 24;
    private static final double[][] COVARIANCE = {{900, 300, 200}, {300, 800, 100}, {200, 100, 700}};
    private static final Normalization ZERO = Normalization.perChannel(new float[3]);

    /** Somebody else's transform, which notes what it was given. */
    private record Negative() implements ImageTransform {
        @Override
        public RgbImage apply(RgbImage image, RandomGenerator random) {
            byte[] negative = image.rgb().clone();
            for (int i = 0; i < negative.length; i++) {
                negative[i] = (byte) (255 - (negative[i] & 0xff));
            }
            return new RgbImage(image.height(), image.width(), negative);
        }
    }

    /** One that makes another size, at random. */
    private record Column() implements ImageTransform {
        @Override
        public RgbImage apply(RgbImage image, RandomGenerator random) {
            int height = 30 + random.nextInt(20);
            return new RgbImage(height, 40, new byte[3 * 40 * height]);
        }
    }

    private static RgbImage image(int width, int height, int seed) {
        byte[] rgb = new byte[3 * width * height];
        new Random(seed).nextBytes(rgb);
        return new RgbImage(height, width, rgb);
    }

    private static Augmentation of(Transform... transforms) {
        return Augmentation.of(List.of(transforms), SIDE);
    }

    @Test
    void neighboursOfOursAreOneCrop() {
        assertThat(of(new Resize(32, 60), new RandomCrop(0), new HorizontalFlip(0.5), new PcaLighting(0.1)))
                .isEqualTo(
                        new Augmentation(List.of(), new Crop.RandomFlip(new Crop.ScaleJitter(32, 60, SIDE), 0.5), 0.1));
        assertThat(of(new HorizontalFlip(0.3), new RandomResizedCrop(0.08, 1, 0.75, 4 / 3.0))
                        .crop())
                .isEqualTo(new Crop.RandomFlip(new Crop.RandomResizedCrop(0.08, 1, 0.75, 4 / 3.0, SIDE), 0.3));
        assertThat(of(new RandomCrop(4)).crop()).isEqualTo(new Crop.PaddedCrop(new Crop.CenterCrop(SIDE, SIDE), 4));
        assertThat(of(new Resize(32, 32), new CenterCrop(), new RandomCrop(2)).crop())
                .isEqualTo(new Crop.PaddedCrop(new Crop.CenterCrop(32, SIDE), 2));
        assertThat(of()).isEqualTo(new Augmentation(List.of(), new Crop.CenterCrop(SIDE, SIDE), 0));
    }

    @Test
    void anImpossibleOrderIsRefused() {
        refused("resize is followed by random-crop or center-crop", new Resize(32, 32));
        refused("resize with a range is followed by random-crop", new Resize(32, 60), new CenterCrop());
        refused("random-resized-crop resizes itself", new Resize(32, 32), new RandomResizedCrop(0.1, 1, 1, 1));
        refused("stands center-crop", new Resize(32, 32), new RandomCrop(4));
        refused("horizontal-flip stands once", new HorizontalFlip(1), new HorizontalFlip(1));
        refused("pca-lighting stands once", new PcaLighting(1), new PcaLighting(1));
        refused("resize stands before a crop", new CenterCrop(), new Resize(32, 32));
        refused("done last", new PcaLighting(0.1), new Negative());
        refused("done last", new RandomCrop(4), new Negative());
    }

    private static void refused(String message, Transform... transforms) {
        assertThatThrownBy(() -> of(transforms))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    /** In its place: after the crop it sees the crop, before it the whole image, as floats and as bytes for a GPU. */
    @Test
    void somebodyElsesTransformRunsInItsPlace() throws BadImageException {
        byte[] jpeg = ImageCodec.jpeg(image(61, 47, 1), 0.9f);
        Image encoded = ImageCodec.open(jpeg, ImageCodec.Limits.DEFAULT);
        RgbImage decoded = ImageCodec.decode(jpeg);
        RandomGenerator none = Seeds.generator(0, 0);
        CropRegion middle = new Crop.CenterCrop(32, SIDE).region(encoded, none);

        RgbImage after = new Negative().apply(encoded.decode(middle).toRgb(middle), none);
        sees(after, of(new Resize(32, 32), new CenterCrop(), new Negative()), encoded);

        RgbImage before = new Negative().apply(decoded, none);
        sees(before.toRgb(middle), of(new Negative(), new Resize(32, 32), new CenterCrop()), encoded);

        RgbImage flipped = new Negative().apply(decoded, none).flipped();
        CropRegion center = new Crop.UnscaledCrop(false, SIDE).region(flipped, none);
        sees(flipped.toRgb(center), of(new HorizontalFlip(1), new Negative(), new CenterCrop()), encoded);

        CropRegion whole = CropRegion.resized(decoded, 32);
        RgbImage between = new Negative().apply(encoded.decode(whole).toRgb(whole), none);
        CropRegion part = new Crop.UnscaledCrop(false, SIDE).region(between, none);
        sees(
                between.toRgb(part).flipped(),
                of(new Resize(32, 32), new Negative(), new CenterCrop(), new HorizontalFlip(1)),
                encoded);
    }

    private static void sees(RgbImage expected, Augmentation augmentation, Image image) throws BadImageException {
        Preprocessing preprocessing = augmentation.on(COVARIANCE, ZERO);
        byte[] rgb = new byte[preprocessing.elements()];
        preprocessing.cropBytes(image, 7, 3, "key", rgb, 0);
        assertThat(rgb).isEqualTo(expected.rgb());
        float[] planes = new float[rgb.length];
        preprocessing.apply(image, 7, 3, "key", planes);
        for (int i = 0; i < rgb.length; i++) {
            float level = planes[i % 3 * SIDE * SIDE + i / 3];
            assertThat(Math.abs(level - (rgb[i] & 0xff))).isLessThanOrEqualTo(0.5f);
        }
    }

    @Test
    void somebodyElsesTransformChangesNoRandomNumberOfOurs() throws BadImageException {
        RgbImage image = image(61, 47, 2);
        Transform[] ours = {new Resize(30, 40), new RandomCrop(0), new HorizontalFlip(0.5), new PcaLighting(0.1)};
        Preprocessing without = of(ours).on(COVARIANCE, ZERO);
        Preprocessing with =
                of(new Negative(), ours[0], ours[1], ours[2], ours[3]).on(COVARIANCE, ZERO);
        byte[] plain = new byte[with.elements()];
        byte[] negative = new byte[with.elements()];
        for (int epoch = 0; epoch < 20; epoch++) {
            var first = without.cropBytes(new Negative().apply(image, Seeds.generator(0, 0)), 7, epoch, "a", plain, 0);
            var second = with.cropBytes(image, 7, epoch, "a", negative, 0);
            assertThat(negative).isEqualTo(plain);
            assertThat(second.lighting()).isEqualTo(first.lighting());
        }
    }

    @Test
    void itsRandomNumbersAreThoseOfTheImageAndTheEpoch() throws BadImageException {
        Preprocessing preprocessing =
                of(new Column(), new Negative(), new RandomCrop(0)).on(COVARIANCE, ZERO);
        RgbImage image = image(10, 10, 3);
        assertThat(preprocessing.beforeCrop(image, 1, 2, "a").height())
                .isEqualTo(preprocessing.beforeCrop(image, 1, 2, "a").height());
        long heights = IntStream.range(0, 20)
                .map(epoch -> height(preprocessing, image, epoch))
                .distinct()
                .count();
        assertThat(heights).isGreaterThan(3);
    }

    private static int height(Preprocessing preprocessing, Image image, int epoch) {
        try {
            return preprocessing.beforeCrop(image, 1, epoch, "a").height();
        } catch (BadImageException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    @Test
    void aRandomCropOfAnImageThatIsNotScaledReachesEveryPlace() {
        RgbImage image = image(SIDE + 3, SIDE + 2, 4);
        boolean[][] seen = new boolean[3][4];
        for (int draw = 0; draw < 400; draw++) {
            CropRegion region = of(new RandomCrop(0)).crop().region(image, Seeds.generator(5, draw));
            assertThat(region.box().width()).isEqualTo(SIDE);
            seen[(int) region.box().y()][(int) region.box().x()] = true;
        }
        assertThat(seen)
                .isDeepEqualTo(
                        new boolean[][] {{true, true, true, true}, {true, true, true, true}, {true, true, true, true}});
        CropRegion scaled = of(new RandomCrop(0)).crop().region(image(12, 40, 6), Seeds.generator(5, 0));
        assertThat(scaled.box().width()).isEqualTo(12);
    }
}
