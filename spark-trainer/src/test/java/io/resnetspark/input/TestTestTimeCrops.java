package io.resnetspark.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.common.Seeds;
import io.resnetspark.image.BadImageException;
import io.resnetspark.image.Box;
import io.resnetspark.image.ContactSheet;
import io.resnetspark.image.CropRegion;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.image.RgbImage;
import io.resnetspark.image.SyntheticImages;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.math3.distribution.UniformRealDistribution;
import org.apache.commons.math3.stat.inference.KolmogorovSmirnovTest;
import org.junit.jupiter.api.Test;

/** Random resized crops, ten crops, multi-scale crops, and contact sheets. */
class TestTestTimeCrops {
    private static final int DRAWS = 4_000;
    private static final RgbImage IMAGE = SyntheticImages.ofClass(1, 400, 300, 5);

    @Test
    void areaIsUniformAndAspectIsLogUniform() {
        // Boxes have whole pixels, so the image is large; every box of at most half its area fits.
        RgbImage large = new RgbImage(2_000, 2_000, new byte[3 * 2_000 * 2_000]);
        Crop.RandomResizedCrop crop = new Crop.RandomResizedCrop(0.08, 4 / 3.0, 224);
        double[] areas = new double[DRAWS];
        double[] aspects = new double[DRAWS];
        for (int i = 0; i < DRAWS; i++) {
            Box part = crop.randomBox(large, Seeds.generator(11, i));
            areas[i] = part.width() * part.height() / 4e6;
            aspects[i] = Math.log(part.width() / part.height()) / Math.log(4 / 3.0);
            assertThat(part.x()).isBetween(0.0, 2_000 - part.width());
            assertThat(part.y()).isBetween(0.0, 2_000 - part.height());
        }
        // Beyond 3/4 some shapes are too long for the image and are drawn again, as in torchvision.
        double[] fitting = Arrays.stream(areas).filter(area -> area < 0.74).toArray();
        assertThat(pValue(fitting, 0.08, 0.74)).isGreaterThan(0.01);
        double[] free = new double[DRAWS];
        int count = 0;
        for (int i = 0; i < DRAWS; i++) {
            if (areas[i] < 0.74) {
                free[count++] = aspects[i];
            }
        }
        assertThat(pValue(Arrays.copyOf(free, count), -1, 1)).isGreaterThan(0.01);
    }

    private static double pValue(double[] sample, double from, double to) {
        return new KolmogorovSmirnovTest().kolmogorovSmirnovTest(new UniformRealDistribution(from, to), sample);
    }

    @Test
    void elongatedImageFallsBackToTheCenter() {
        Box part = new Crop.RandomResizedCrop(0.9, 4 / 3.0, 32)
                .randomBox(new RgbImage(10, 1_000, new byte[30_000]), Seeds.generator(1, 1));
        assertThat(part).isEqualTo(new Box(493, 0, 13, 10));
        assertThatThrownBy(() -> new Crop.RandomResizedCrop(0, 2, 224))
                .hasMessageContaining("The area must vary within (0, 1]");
    }

    @Test
    void regionsAreFlippedHalfOfTheTime() {
        Crop crop = new Crop.RandomResizedCrop(1, 1, 60).flipped();
        RgbImage square = IMAGE.crop(0, 0, 300, 300);
        RgbImage plain = square.toRgb(new CropRegion(Box.whole(square), 60, 60, false));
        int mirrored = 0;
        for (int i = 0; i < 400; i++) {
            byte[] seen = crop.apply(square, Seeds.generator(3, i)).rgb();
            boolean is = Arrays.equals(seen, plain.flipped().rgb());
            assertThat(is || Arrays.equals(seen, plain.rgb())).isTrue();
            mirrored += is ? 1 : 0;
        }
        assertThat(mirrored).isBetween(150, 250); // five standard deviations
    }

    @Test
    void tenCropsAreCornersCenterAndTheirFlips() {
        List<RgbImage> views = new TestTimeCrops.TenCrop(256, 224).apply(IMAGE);
        assertThat(views).hasSize(10).allSatisfy(view -> assertThat(view.rgb()).hasSize(3 * 224 * 224));
        RgbImage scaled = IMAGE.toRgb(CropRegion.resized(IMAGE, 256));
        assertThat(scaled.width()).isEqualTo(341);
        assertThat(views.get(3).rgb())
                .isEqualTo(scaled.crop(341 - 224, 256 - 224, 224, 224).rgb());
        assertThat(views.get(4).rgb()).isEqualTo(scaled.crop(58, 16, 224, 224).rgb());
        // The other five are those of the flipped image.
        int[] mirrored = {1, 0, 3, 2};
        for (int i = 0; i < 4; i++) {
            assertThat(views.get(5 + i).rgb())
                    .isEqualTo(views.get(mirrored[i]).flipped().rgb());
        }
        assertThat(views.get(9).rgb())
                .isEqualTo(scaled.flipped().crop(58, 16, 224, 224).rgb());
        // The fifth is the crop of single-crop evaluation.
        assertThat(views.get(4).rgb())
                .isEqualTo(new Crop.CenterCrop(256, 224)
                        .apply(IMAGE, Seeds.generator(0, 0))
                        .rgb());
    }

    @Test
    void multiScaleUsesTheWholeImage() {
        List<RgbImage> views = TestTimeCrops.MultiScale.PAPER.apply(IMAGE);
        assertThat(views)
                .extracting(RgbImage::shorterSide)
                .containsExactly(224, 224, 256, 256, 384, 384, 480, 480, 640, 640);
        assertThat(views.get(8).width()).isEqualTo(853);
        assertThat(views.get(1).rgb()).isEqualTo(views.get(0).flipped().rgb());
        assertThatThrownBy(() -> new TestTimeCrops.MultiScale(List.of()))
                .hasMessageContaining("needs positive shorter sides");
        assertThatThrownBy(() -> new TestTimeCrops.MultiScale(List.of(224, 1025)))
                .hasMessage("Multi-scale testing needs positive shorter sides of at most 1024 pixels, not [224, 1025]");
    }

    @Test
    void scalesAreRelativeToTheTrainingCrop() {
        assertThat(TestTimeCrops.MultiScale.relativeTo(224)).isEqualTo(TestTimeCrops.MultiScale.PAPER);
        assertThat(TestTimeCrops.MultiScale.relativeTo(32).shorterSides()).containsExactly(32, 37, 55, 69, 91);
        assertThat(TestTimeCrops.MultiScale.relativeTo(1024).shorterSides())
                .as("no larger than crops may be")
                .containsExactly(1024);
    }

    /** 300 x 12000 pixels at a shorter side of 640 would be 16 million. */
    @Test
    void aLongStripIsSeenInItsMiddle() {
        for (boolean wide : new boolean[] {true, false}) {
            RgbImage strip = wide
                    ? new RgbImage(300, 12_000, new byte[3 * 300 * 12_000])
                    : new RgbImage(12_000, 300, new byte[3 * 300 * 12_000]);
            List<CropRegion> regions = TestTimeCrops.MultiScale.PAPER.regions(strip);
            assertThat(regions.get(0)).as("all of it at 224").isEqualTo(CropRegion.resized(strip, 224));
            CropRegion largest = regions.get(8);
            assertThat(Math.min(largest.width(), largest.height())).isEqualTo(640);
            assertThat(Math.max(largest.width(), largest.height()))
                    .isEqualTo(TestTimeCrops.MultiScale.MAX_PIXELS / 640);
            Box box = largest.box();
            assertThat(wide ? box.x() + box.width() / 2 : box.y() + box.height() / 2)
                    .isEqualTo(6_000);
            assertThat(wide ? box.width() / largest.width() : box.height() / largest.height())
                    .isCloseTo(300 / 640.0, within(1e-9));
            assertThat(wide ? box.height() : box.width()).isEqualTo(300);
        }
    }

    @Test
    void contactSheetShowsEveryImageAndTitle() throws Exception {
        ContactSheet sheet = new ContactSheet(2);
        for (int i = 0; i < 3; i++) {
            sheet.add(IMAGE.crop(40 * i, 0, 100, 100), "class " + i);
        }
        RgbImage drawn = decoded(sheet);
        assertThat(drawn.width()).isEqualTo(2 * 108 + 8);
        assertThat(drawn.height()).isEqualTo(2 * 126 + 8);
        for (int i = 0; i < 3; i++) {
            assertThat(drawn.crop(8 + i % 2 * 108, 8 + i / 2 * 126, 100, 100).rgb())
                    .isEqualTo(IMAGE.crop(40 * i, 0, 100, 100).rgb());
            byte[] title =
                    drawn.crop(8 + i % 2 * 108, 8 + i / 2 * 126 + 100, 100, 18).rgb();
            assertThat(title).as("dark letters").contains((byte) 0);
        }
    }

    private static RgbImage decoded(ContactSheet sheet) throws IOException, BadImageException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        sheet.write(bytes);
        return ImageCodec.decode(bytes.toByteArray());
    }

    @Test
    void previewShowsTheNetworksInput() throws BadImageException {
        Normalization normalization =
                Normalization.perChannel(new float[] {100, 110, 120}).withStd(new float[] {50, 60, 70});
        Preprocessing plain = Preprocessing.withoutLighting(new Crop.CenterCrop(224, 224), normalization);
        RgbImage square = IMAGE.crop(0, 0, 224, 224);
        assertThat(plain.preview(square, 1, 1, "key").rgb()).isEqualTo(square.rgb());
    }
}
