package io.resnetspark.input.augment;

import io.resnetspark.input.Crop;
import io.resnetspark.input.ImageStep;
import java.util.Optional;

/**
 * Transforms of ours that stand side by side. Random numbers are drawn in a fixed order: those of the crop, of the flip
 * if the crop has no padding, of lighting (always), of the padded crop's place, and then of its flip.
 */
final class FusedTransforms {
    private final int side;
    private Optional<Resize> resize = Optional.empty();
    private Optional<Crop> crop = Optional.empty();
    private Optional<HorizontalFlip> flip = Optional.empty();
    private Optional<PcaLighting> lighting = Optional.empty();

    FusedTransforms(int side) {
        this.side = side;
    }

    /** @throws IllegalArgumentException if it cannot follow the ones before it */
    void add(BuiltInTransform transform) {
        if (transform instanceof Resize wanted) {
            require(resize.isEmpty() && crop.isEmpty(), "resize stands before a crop, and once");
            resize = Optional.of(wanted);
        } else if (transform instanceof RandomResizedCrop wanted) {
            require(resize.isEmpty() && crop.isEmpty(), "random-resized-crop resizes itself, and crops once");
            crop = Optional.of(wanted.crop(side));
        } else if (transform instanceof CenterCrop) {
            require(crop.isEmpty(), "center-crop stands before another crop, and once");
            crop = Optional.of(centerCrop());
        } else if (transform instanceof RandomCrop wanted) {
            crop = Optional.of(randomCrop(wanted.padding()));
        } else if (transform instanceof HorizontalFlip wanted) {
            require(flip.isEmpty(), "horizontal-flip stands once");
            flip = Optional.of(wanted);
        } else if (transform instanceof PcaLighting wanted) {
            require(lighting.isEmpty(), "pca-lighting stands once");
            lighting = Optional.of(wanted);
        }
    }

    private Crop centerCrop() {
        if (resize.isEmpty()) {
            return new Crop.UnscaledCrop(false, side);
        }
        int shorter = resize.get().from();
        require(
                shorter == resize.get().to(),
                "resize with a range is followed by random-crop; before center-crop it has one number");
        return new Crop.CenterCrop(shorter, side);
    }

    private Crop randomCrop(int padding) {
        if (crop.isPresent()) {
            require(!crop.get().isTranslated(), "random-crop stands once");
            return crop.get().padded(padding);
        }
        if (padding == 0) {
            return resize.<Crop>map(to -> new Crop.ScaleJitter(to.from(), to.to(), side))
                    .orElseGet(() -> new Crop.UnscaledCrop(true, side));
        }
        require(resize.isEmpty(), "between resize and random-crop with padding stands center-crop");
        return new Crop.CenterCrop(side, side).padded(padding);
    }

    /**
     * The last crop. An image that no transform crops is resized and center-cropped.
     *
     * @throws IllegalArgumentException if there is none, though there should be
     */
    Crop crop() {
        require(resize.isEmpty() || crop.isPresent(), "resize is followed by random-crop or center-crop");
        return flipped(crop.orElseGet(() -> new Crop.CenterCrop(side, side)));
    }

    private Crop flipped(Crop plain) {
        return flip.<Crop>map(wanted -> new Crop.RandomFlip(plain, wanted.probability()))
                .orElse(plain);
    }

    double lightingStd() {
        return lighting.map(PcaLighting::std).orElse(0.0);
    }

    /**
     * The same as a step on the image, before a transform of somebody else.
     *
     * @throws IllegalArgumentException if a part of it can only be done last
     */
    Optional<ImageStep> step() {
        require(
                lighting.isEmpty() && !crop.map(Crop::isTranslated).orElse(false),
                "pca-lighting and random-crop with padding are done last, on floats: they stand after transforms of"
                        + " your own");
        if (crop.isPresent()) {
            return Optional.of(new CropStep(flipped(crop.get())));
        }
        if (resize.isEmpty() && flip.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new ResizeStep(
                resize.map(Resize::from).orElse(0),
                resize.map(Resize::to).orElse(0),
                flip.map(HorizontalFlip::probability).orElse(0.0)));
    }

    private static void require(boolean possible, String otherwise) {
        if (!possible) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
