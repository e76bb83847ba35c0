package io.resnetspark.image;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;

/** Draws images side by side on one sheet, each with a line of text below it. */
public final class ContactSheet {
    private static final int GAP = 8;
    private static final int TEXT = 18;
    /** Small images are enlarged by a whole factor, so that their pixels stay visible. */
    private static final int MIN_TILE = 96;

    private record Tile(RgbImage image, String title) {}

    private final List<Tile> tiles = new ArrayList<>();
    private final int columns;

    public ContactSheet(int columns) {
        this.columns = columns;
    }

    /** Adds an image, from left to right and from top to bottom. */
    public void add(RgbImage image, String title) {
        tiles.add(new Tile(image, title));
    }

    /** Writes the sheet as a PNG. */
    public void write(OutputStream out) throws IOException {
        int side = tiles.stream()
                .mapToInt(tile -> Math.max(tile.image.width(), tile.image.height()))
                .max()
                .orElse(1);
        int zoom = Math.max(1, (MIN_TILE + side - 1) / side);
        int cell = side * zoom + GAP;
        int rows = (tiles.size() + columns - 1) / columns;
        BufferedImage sheet =
                new BufferedImage(columns * cell + GAP, rows * (cell + TEXT) + GAP, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = sheet.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, sheet.getWidth(), sheet.getHeight());
        graphics.setColor(Color.BLACK);
        graphics.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12));
        graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        for (int i = 0; i < tiles.size(); i++) {
            Tile tile = tiles.get(i);
            int x = GAP + i % columns * cell;
            int y = GAP + i / columns * (cell + TEXT);
            graphics.drawImage(
                    ImageCodec.toBufferedImage(tile.image),
                    x,
                    y,
                    tile.image.width() * zoom,
                    tile.image.height() * zoom,
                    null);
            graphics.setClip(x, y, cell - GAP, cell + TEXT);
            graphics.drawString(tile.title, x, y + cell + TEXT - GAP - 6);
            graphics.setClip(null);
        }
        graphics.dispose();
        ImageIO.write(sheet, "png", out);
    }
}
