package dev.adjoint.explain;

import dev.adjoint.training.report.Svg;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.eclipse.elk.alg.layered.options.LayeredMetaDataProvider;
import org.eclipse.elk.alg.layered.options.LayeredOptions;
import org.eclipse.elk.alg.layered.options.NodePlacementStrategy;
import org.eclipse.elk.core.RecursiveGraphLayoutEngine;
import org.eclipse.elk.core.data.LayoutMetaDataService;
import org.eclipse.elk.core.math.ElkPadding;
import org.eclipse.elk.core.options.CoreOptions;
import org.eclipse.elk.core.options.Direction;
import org.eclipse.elk.core.options.EdgeRouting;
import org.eclipse.elk.core.options.HierarchyHandling;
import org.eclipse.elk.core.options.NodeLabelPlacement;
import org.eclipse.elk.core.options.PortConstraints;
import org.eclipse.elk.core.options.PortSide;
import org.eclipse.elk.core.options.SizeConstraint;
import org.eclipse.elk.core.util.BasicProgressMonitor;
import org.eclipse.elk.graph.ElkConnectableShape;
import org.eclipse.elk.graph.ElkEdge;
import org.eclipse.elk.graph.ElkEdgeSection;
import org.eclipse.elk.graph.ElkLabel;
import org.eclipse.elk.graph.ElkNode;
import org.eclipse.elk.graph.ElkPort;
import org.eclipse.elk.graph.util.ElkGraphUtil;

/** Places the boxes of a picture, from top to bottom, by the layered algorithm of Eclipse ELK. */
final class Layout {

  /** How wide a text may be. */
  static final int WIDEST = 236;

  static final int PADDING = 10;
  static final int HEAD = 26;

  /** Where a box is, from the left and top of all. */
  record Place(double x, double y, double width, double height) {}

  record Point(double x, double y) {}

  /** The way of an edge, from where it starts to where it ends. */
  record Route(Picture.Edge edge, List<Point> points) {}

  final Map<Box, Place> places = new HashMap<>();
  final List<Route> routes = new ArrayList<>();
  final double width;
  final double height;

  private final Picture picture;
  private final Map<Box, ElkNode> nodes = new HashMap<>();
  private final Map<ElkEdge, Picture.Edge> edges = new HashMap<>();

  Layout(Picture picture) {
    this.picture = picture;
    ElkNode root = ElkGraphUtil.createGraph();
    root.setProperty(CoreOptions.ALGORITHM, LayeredOptions.ALGORITHM_ID);
    root.setProperty(LayeredOptions.DIRECTION, Direction.DOWN);
    root.setProperty(LayeredOptions.HIERARCHY_HANDLING, HierarchyHandling.INCLUDE_CHILDREN);
    root.setProperty(LayeredOptions.EDGE_ROUTING, EdgeRouting.ORTHOGONAL);
    root.setProperty(LayeredOptions.RANDOM_SEED, 1);
    root.setProperty(LayeredOptions.PADDING, new ElkPadding(0));
    spacing(root);
    picture.top().forEach(box -> add(box, root));
    for (Picture.Edge edge : picture.edges()) {
      ElkEdge line = ElkGraphUtil.createSimpleEdge(node(edge.from()), entry(edge.to()));
      edges.put(line, edge);
      if (isData(edge.from())) {
        line.setProperty(LayeredOptions.PRIORITY_STRAIGHTNESS, 10);
      }
    }
    LayoutMetaDataService.getInstance()
        .registerLayoutMetaDataProviders(new LayeredMetaDataProvider());
    new RecursiveGraphLayoutEngine().layout(root, new BasicProgressMonitor());
    width = root.getWidth();
    height = root.getHeight();
    read(root, 0, 0);
    nodes.forEach((box, node) -> places.put(box, place(node)));
  }

  private ElkNode node(Box box) {
    return Objects.requireNonNull(nodes.get(box));
  }

  /** Returns where the next input of a box ends: inputs of operations from left to right. */
  private ElkConnectableShape entry(Box box) {
    ElkNode node = node(box);
    if (box.kind != Box.Kind.OPERATION) {
      return node;
    }
    node.setProperty(LayeredOptions.PORT_CONSTRAINTS, PortConstraints.FIXED_ORDER);
    ElkPort port = ElkGraphUtil.createPort(node);
    port.setProperty(LayeredOptions.PORT_SIDE, PortSide.NORTH);
    port.setProperty(LayeredOptions.PORT_INDEX, node.getPorts().size() - 1);
    return port;
  }

  /** Tells whether a value depends on what is given to the model: its way is to be straight. */
  private static boolean isData(Box box) {
    return box.kind.isGroup() ? box.last().isData : box.isData;
  }

  private static void spacing(ElkNode node) {
    node.setProperty(LayeredOptions.NODE_PLACEMENT_STRATEGY, NodePlacementStrategy.NETWORK_SIMPLEX);
    node.setProperty(LayeredOptions.SPACING_NODE_NODE, 16.0);
    node.setProperty(LayeredOptions.SPACING_NODE_NODE_BETWEEN_LAYERS, 22.0);
    node.setProperty(LayeredOptions.SPACING_EDGE_NODE, 12.0);
    node.setProperty(LayeredOptions.SPACING_EDGE_NODE_BETWEEN_LAYERS, 10.0);
    node.setProperty(LayeredOptions.SPACING_EDGE_EDGE, 8.0);
  }

  private void add(Box box, ElkNode parent) {
    ElkNode node = ElkGraphUtil.createNode(parent);
    nodes.put(box, node);
    boolean open = picture.open().contains(box);
    Caption caption = Caption.of(box, open);
    double title = Math.min(WIDEST, 1.06 * Svg.width(caption.title()));
    if (open) {
      node.setProperty(LayeredOptions.PADDING, new ElkPadding(15, PADDING, PADDING + 2, PADDING));
      ElkLabel label = ElkGraphUtil.createLabel(caption.title(), node); // makes room for itself
      label.setDimensions(title + 2 * PADDING + 2, HEAD - 12);
      node.setProperty(LayeredOptions.NODE_LABELS_PLACEMENT, NodeLabelPlacement.insideTopCenter());
      node.setProperty(
          LayeredOptions.NODE_SIZE_CONSTRAINTS, EnumSet.of(SizeConstraint.NODE_LABELS));
      spacing(node);
      Picture.shown(box).forEach(inner -> add(inner, node));
    } else {
      double widest = title;
      int rows = 1;
      for (String text : caption.lines()) {
        widest = Math.max(widest, Svg.width(text));
        rows++;
      }
      if (!caption.gradient().isEmpty()) {
        widest = Math.max(widest, Svg.width(caption.gradient()));
        rows++;
      }
      node.setDimensions(
          Math.min(WIDEST, widest) + 2 * PADDING + (box.kind == Box.Kind.OPERATION ? 0 : 8),
          rows * Svg.LINE + 9 + (caption.gradient().isEmpty() ? 0 : 4));
    }
  }

  private void read(ElkNode node, double x, double y) {
    for (ElkEdge edge : node.getContainedEdges()) {
      for (ElkEdgeSection section : edge.getSections()) {
        List<Point> points = new ArrayList<>();
        points.add(new Point(x + section.getStartX(), y + section.getStartY()));
        section.getBendPoints().forEach(p -> points.add(new Point(x + p.getX(), y + p.getY())));
        points.add(new Point(x + section.getEndX(), y + section.getEndY()));
        routes.add(new Route(Objects.requireNonNull(edges.get(edge)), points));
      }
    }
    for (ElkNode child : node.getChildren()) {
      read(child, x + child.getX(), y + child.getY());
    }
  }

  private static Place place(ElkNode node) {
    double x = 0;
    double y = 0;
    for (ElkNode around = node; around != null; around = around.getParent()) {
      x += around.getX();
      y += around.getY();
    }
    return new Place(x, y, node.getWidth(), node.getHeight());
  }
}
