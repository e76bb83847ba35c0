package io.resnetspark.data.image;

import io.resnetspark.data.image.Crop.Centre;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What is seen of a picture in testing, where the scores of several views are averaged. */
public sealed interface Views extends Serializable {
    /** Of each picture. */
    int count();

    /** What of a picture must be decoded for all of them. */
    default Cut needed(Picture picture) {
        return Cut.whole(picture);
    }

    /** Only a picture's size counts. */
    List<Cut> cuts(Picture picture);

    /** For people to look at, in whole levels. */
    default List<Image> of(Image image) {
        return cuts(image).stream().map(image::image).toList();
    }

    /** One. */
    record OneCrop(Centre crop) implements Views {
        @Override
        public int count() {
            return 1;
        }

        @Override
        public Cut needed(Picture picture) {
            return crop.cut(picture);
        }

        @Override
        public List<Cut> cuts(Picture picture) {
            return List.of(crop.cut(picture));
        }
    }

    /**
     * Ten crops (Krizhevsky, Sutskever and Hinton 2012, section 4.1): the corners and the centre of the scaled picture, then
     * those of its mirror image. The paper's comparisons take the shorter side 256 and crops of 224. Torchvision's
     * {@code Resize(shorter)} and {@code TenCrop(side)}, in its order: where the centre cannot be exact, that of the mirror
     * image is another part.
     */
    record TenCrop(int shorter, int side) implements Views {
        public TenCrop {
            if (side < 1 || shorter < side) {
                throw new IllegalArgumentException(
                        "Crops of " + side + " do not fit into a shorter side of " + shorter + " pixels");
            }
        }

        @Override
        public int count() {
            return 10;
        }

        @Override
        public List<Cut> cuts(Picture picture) {
            long width = picture.scaled(picture.width(), shorter);
            long height = picture.scaled(picture.height(), shorter);
            long right = width - side;
            long bottom = height - side;
            long[][] corners = {
                {0, 0},
                {right, 0},
                {0, bottom},
                {right, bottom},
                {Centre.offset(width, side), Centre.offset(height, side)}
            };
            List<Cut> cuts = new ArrayList<>();
            for (long[] corner : corners) {
                cuts.add(Cut.square(picture, shorter, corner[0], corner[1], side));
            }
            for (long[] corner : corners) {
                cuts.add(Cut.square(picture, shorter, right - corner[0], corner[1], side)
                        .mirror());
            }
            return cuts;
        }
    }

    /**
     * The whole picture at several scales, and its mirror images, for a network that takes any size: the paper's best
     * results (section 3.4) are at shorter sides of 224, 256, 384, 480 and 640 pixels.
     */
    record MultiScale(List<Integer> shorterSides) implements Views {
        public static final MultiScale PAPER = new MultiScale(List.of(224, 256, 384, 480, 640));

        public MultiScale {
            shorterSides = List.copyOf(shorterSides);
            if (shorterSides.isEmpty() || shorterSides.stream().anyMatch(side -> side < 1)) {
                throw new IllegalArgumentException(
                        "Multi-scale testing needs positive shorter sides, not " + shorterSides);
            }
        }

        @Override
        public int count() {
            return 2 * shorterSides.size();
        }

        @Override
        public List<Cut> cuts(Picture picture) {
            return shorterSides.stream()
                    .map(shorter -> Cut.shorterSide(picture, shorter))
                    .flatMap(cut -> Stream.of(cut, cut.mirror()))
                    .toList();
        }
    }

    /** Those of several protocols, one after the other. */
    record Several(List<Views> all) implements Views {
        public Several {
            all = List.copyOf(all);
        }

        @Override
        public int count() {
            return all.stream().mapToInt(Views::count).sum();
        }

        @Override
        public Cut needed(Picture picture) {
            return all.size() == 1 ? all.get(0).needed(picture) : Cut.whole(picture);
        }

        @Override
        public List<Cut> cuts(Picture picture) {
            return all.stream().flatMap(views -> views.cuts(picture).stream()).toList();
        }
    }
}
