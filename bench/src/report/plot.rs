//! Plots: throughput; latency over rate; CPU over rate.

use plotters::prelude::*;
use thiserror::Error;

use super::figure::{rate, time};
use super::summary::Row;
use crate::protocol::Load;
use crate::scenario::Placement;

/// A plot cannot be drawn.
#[derive(Debug, Error)]
#[error("a plot cannot be drawn: {0}")]
pub struct PlotError(String);

const WIDTH: u32 = 900;
const LINES_HEIGHT: u32 = 480;
const BAR_HEIGHT: u32 = 16;
const NAMES_WIDTH: u32 = 300;
const FONT: &str = "sans-serif";

/// All that have anything to show, by name of the file.
pub(super) fn all(rows: &[Row]) -> Result<Vec<(String, String)>, PlotError> {
    let mut plots = Vec::new();
    if let Some(plot) = throughput(rows)? {
        plots.push(("throughput.svg".to_owned(), plot));
    }
    let latency = Chart { title: "median and 99 % latency over requests per second, split", y: time, log: true };
    if let Some(plot) = latency.draw(&series(rows, |row| vec![row.p50.median, row.p99.median]))? {
        plots.push(("latency.svg".to_owned(), plot));
    }
    let cpu =
        Chart { title: "CPU of client and server together over requests per second, split", y: percent, log: false };
    if let Some(plot) = cpu.draw(&series(rows, |row| vec![row.client_cpu.median + row.server_cpu.median]))? {
        plots.push(("cpu.svg".to_owned(), plot));
    }
    Ok(plots)
}

fn percent(value: f64) -> String {
    format!("{value:.0} %")
}

/// Bars of all rows at most speed, each side on its own CPU, by the items they get done.
fn throughput(rows: &[Row]) -> Result<Option<String>, PlotError> {
    let shown =
        |row: &&Row| row.key.rate == Load::Max && row.key.placement == Placement::Split && row.items.median >= 1.0;
    let bars: Vec<(String, f64)> = rows.iter().filter(shown).map(|row| (label(row), row.items.median)).collect();
    if bars.is_empty() {
        return Ok(None);
    }
    let height = BAR_HEIGHT * u32::try_from(bars.len()).unwrap_or(u32::MAX).saturating_add(5);
    let least = bars.iter().map(|bar| bar.1).fold(f64::MAX, f64::min) / 2.0;
    let greatest = bars.iter().map(|bar| bar.1).fold(0.0, f64::max) * 1.5;
    let count = i32::try_from(bars.len()).unwrap_or(i32::MAX);
    draw((WIDTH, height), |area| {
        let mut chart = ChartBuilder::on(area)
            .caption("items per second at most speed, split", (FONT, 16))
            .x_label_area_size(BAR_HEIGHT * 2)
            .y_label_area_size(NAMES_WIDTH)
            .margin_right(20)
            .build_cartesian_2d((least..greatest).log_scale(), (0..count).into_segmented())?;
        let name = |at: &SegmentValue<i32>| match at {
            SegmentValue::CenterOf(at) => {
                let from_top = usize::try_from(count - 1 - at).ok().and_then(|at| bars.get(at));
                from_top.map_or_else(String::new, |bar| bar.0.clone())
            }
            _ => String::new(),
        };
        chart
            .configure_mesh()
            .disable_y_mesh()
            .y_labels(bars.len())
            .y_label_formatter(&name)
            .y_label_style((FONT, 11))
            .x_label_formatter(&|value| rate(*value))
            .x_label_style((FONT, 11))
            .draw()?;
        chart.draw_series((0..count).rev().zip(&bars).map(|(at, (name, value))| {
            let color = if name.starts_with("raw-") { GREY } else { BLUE };
            let (top, bottom) = (SegmentValue::Exact(at + 1), SegmentValue::Exact(at));
            let mut bar = Rectangle::new([(least, top), (*value, bottom)], color.mix(0.7).filled());
            bar.set_margin(2, 2, 0, 0);
            bar
        }))?;
        Ok(())
    })
    .map(Some)
}

const GREY: RGBColor = RGBColor(130, 130, 130);

fn label(row: &Row) -> String {
    let key = &row.key;
    if key.client == key.server || key.server.is_empty() {
        if key.client == "rust" { key.scenario.clone() } else { format!("{} {}", key.scenario, key.client) }
    } else {
        format!("{} {} to {}", key.scenario, key.client, key.server)
    }
}

/// Points of one scenario: rate, and one or two values of which the first is drawn as a line.
struct Series {
    name: String,
    points: Vec<(f64, Vec<f64>)>,
}

/// Scenarios with more than one rate.
fn series(rows: &[Row], values: impl Fn(&Row) -> Vec<f64>) -> Vec<Series> {
    let mut all: Vec<Series> = Vec::new();
    for row in rows.iter().filter(|row| row.key.placement == Placement::Split && !row.saturated) {
        let Load::Rate(_) = row.key.rate else { continue };
        let point = (row.throughput.median.max(1.0), values(row));
        let name = label(row);
        match all.iter_mut().find(|series| series.name == name) {
            Some(series) => series.points.push(point),
            None => all.push(Series { name, points: vec![point] }),
        }
    }
    for series in &mut all {
        series.points.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    all
}

/// Lines over the rate.
struct Chart {
    title: &'static str,
    y: fn(f64) -> String,
    log: bool,
}

impl Chart {
    fn draw(&self, series: &[Series]) -> Result<Option<String>, PlotError> {
        let points = || series.iter().flat_map(|series| &series.points);
        let values = || points().flat_map(|point| &point.1).copied();
        if points().next().is_none() {
            return Ok(None);
        }
        let x = points().map(|point| point.0).fold(f64::MAX, f64::min) / 1.5
            ..points().map(|point| point.0).fold(0.0, f64::max) * 1.5;
        let greatest = values().fold(1.0, f64::max);
        let y = if self.log {
            values().fold(f64::MAX, f64::min).max(1.0) / 2.0..greatest * 4.0
        } else {
            0.0..greatest * 1.4
        };
        draw((WIDTH, LINES_HEIGHT), |area| {
            let mut builder = ChartBuilder::on(area);
            builder.caption(self.title, (FONT, 16)).x_label_area_size(30).y_label_area_size(70).margin_right(20);
            if self.log {
                let chart = builder.build_cartesian_2d(x.log_scale(), y.log_scale())?;
                self.lines(chart, series)
            } else {
                let chart = builder.build_cartesian_2d(x.log_scale(), y)?;
                self.lines(chart, series)
            }
        })
        .map(Some)
    }

    fn lines<'a, Y>(
        &self,
        mut chart: ChartContext<'a, SVGBackend<'a>, Cartesian2d<LogCoord<f64>, Y>>,
        series: &[Series],
    ) -> Result<(), DrawError>
    where
        Y: Ranged<ValueType = f64> + plotters::coord::ranged1d::ValueFormatter<f64>,
    {
        chart
            .configure_mesh()
            .x_label_formatter(&|value| rate(*value))
            .y_label_formatter(&|value| (self.y)(*value))
            .draw()?;
        for (at, series) in series.iter().enumerate() {
            let color = Palette99::pick(at).to_rgba();
            let points = |value: usize| {
                let points = series.points.iter().filter_map(move |point| Some((point.0, *point.1.get(value)?)));
                points.collect::<Vec<_>>()
            };
            chart
                .draw_series(LineSeries::new(points(0), color.stroke_width(2)).point_size(3))?
                .label(&*series.name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], color.stroke_width(2)));
            chart.draw_series(LineSeries::new(points(1), color.mix(0.4).stroke_width(1)))?;
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .background_style(WHITE.mix(0.8))
            .border_style(GREY)
            .label_font((FONT, 11))
            .draw()?;
        Ok(())
    }
}

type DrawError = Box<dyn std::error::Error>;
type LogCoord<T> = plotters::coord::combinators::LogCoord<T>;

fn draw(
    size: (u32, u32),
    paint: impl for<'a> FnOnce(&DrawingArea<SVGBackend<'a>, plotters::coord::Shift>) -> Result<(), DrawError>,
) -> Result<String, PlotError> {
    let mut text = String::new();
    let painted = {
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        area.fill(&WHITE)
            .map_err(DrawError::from)
            .and_then(|()| paint(&area))
            .and_then(|()| area.present().map_err(DrawError::from))
    };
    painted.map_err(|error| PlotError(error.to_string()))?;
    Ok(text)
}
