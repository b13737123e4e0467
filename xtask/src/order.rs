//! The order of a module's functions. gzip looks back 32 kilobytes: functions that are alike must stand
//! within that distance of each other, which takes some 3 % off what is downloaded.

use std::collections::{HashMap, HashSet, VecDeque};

use anyhow::Result;
use wasm_encoder::{NameMap, NameSection, Section};
use wasmparser::{Parser, Payload, TypeRef};

/// Bytes that count as one piece of code: two or three instructions.
const PIECE: usize = 6;
/// How many bytes of code are taken to be in sight: gzip's window, less what else is in it.
const SIGHT: usize = 30_000;
/// Added to the number of a function's pieces, so that the smallest do not always come first.
const LEAST: usize = 10;
/// A piece that more functions than this hold tells nothing.
const MOST_HOLDERS: usize = 5_000;

/// The module with a name for each function that begins with its place, for wasm-opt's
/// `--reorder-functions-by-name`; it must hold no names.
pub(crate) fn with_places(module: &[u8]) -> Result<Vec<u8>> {
    let mut imported = 0;
    let mut bodies = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += usize::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.as_bytes()),
            _ => {}
        }
    }
    let mut names = vec![String::new(); bodies.len()];
    for (place, function) in order(&bodies).into_iter().enumerate() {
        names[function] = format!("{place:06}");
    }
    let mut map = NameMap::new();
    for (function, name) in names.iter().enumerate() {
        map.append(u32::try_from(imported + function)?, name);
    }
    let mut section = NameSection::new();
    section.functions(&map);
    let mut named = module.to_vec();
    section.append_to(&mut named);
    Ok(named)
}

/// Puts after each function the one of whose pieces the most are in sight, those of the last one
/// counting twice.
fn order(bodies: &[&[u8]]) -> Vec<usize> {
    let (pieces, holders) = pieces(bodies);
    let mut left: Vec<usize> = (0..bodies.len()).collect();
    let mut seen = vec![0_usize; bodies.len()];
    let mut times = vec![0_usize; holders.len()];
    let mut sight: VecDeque<usize> = VecDeque::new();
    let mut bytes = 0;
    let mut order = Vec::with_capacity(bodies.len());
    while !left.is_empty() {
        let mut near = vec![0_usize; bodies.len()];
        for piece in order.last().into_iter().flat_map(|last: &usize| &pieces[*last]) {
            holders[*piece].iter().for_each(|function| near[*function] += 1);
        }
        let worth = |function: usize| {
            (seen[function] + near[function]) as f64 / (pieces[function].len() + LEAST) as f64
        };
        let mut best = 0;
        for at in 1..left.len() {
            if worth(left[at]) > worth(left[best]) {
                best = at;
            }
        }
        let function = left.remove(best);
        order.push(function);
        sight.push_back(function);
        bytes += bodies[function].len();
        for piece in &pieces[function] {
            times[*piece] += 1;
            if times[*piece] == 1 {
                holders[*piece].iter().for_each(|holder| seen[*holder] += 1);
            }
        }
        while bytes > SIGHT
            && sight.len() > 1
            && let Some(function) = sight.pop_front()
        {
            bytes -= bodies[function].len();
            for piece in &pieces[function] {
                times[*piece] -= 1;
                if times[*piece] == 0 {
                    holders[*piece].iter().for_each(|holder| seen[*holder] -= 1);
                }
            }
        }
    }
    order
}

/// The pieces that each function holds, by number, and the functions that hold each piece. What a single
/// function holds, or nearly all do, is left out.
fn pieces(bodies: &[&[u8]]) -> (Vec<Vec<usize>>, Vec<Vec<usize>>) {
    let mut numbers: HashMap<&[u8], usize> = HashMap::new();
    let mut pieces = Vec::with_capacity(bodies.len());
    let mut holders: Vec<Vec<usize>> = Vec::new();
    for (function, body) in bodies.iter().enumerate() {
        let own: HashSet<&[u8]> = body.windows(PIECE).collect();
        let mut own: Vec<usize> = own
            .into_iter()
            .map(|piece| {
                let next = numbers.len();
                *numbers.entry(piece).or_insert(next)
            })
            .collect();
        own.sort_unstable();
        holders.resize_with(numbers.len(), Vec::new);
        own.iter().for_each(|piece| holders[*piece].push(function));
        pieces.push(own);
    }
    for holders in &mut holders {
        if holders.len() < 2 || holders.len() > MOST_HOLDERS {
            holders.clear();
        }
    }
    (pieces, holders)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_functions_stand_together() {
        let body = |kind: u8, own: u8| -> Vec<u8> {
            (0..200).map(|at: u8| at.wrapping_mul(kind)).chain([own; 4]).collect()
        };
        let bodies: Vec<Vec<u8>> = (0..40).map(|at| body(3 + 2 * (at % 4), at)).collect();
        let bodies: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
        let order = order(&bodies);
        let changes = order.windows(2).filter(|pair| pair[0] % 4 != pair[1] % 4).count();
        assert_eq!(changes, 3, "{order:?}");
        let mut all = order;
        all.sort_unstable();
        assert!(all.into_iter().eq(0..40), "each once");
    }

    #[test]
    fn places_are_in_the_name_section() {
        use wasm_encoder::{CodeSection, Function, FunctionSection, Module, TypeSection};
        let (mut types, mut functions, mut code) =
            (TypeSection::new(), FunctionSection::new(), CodeSection::new());
        types.ty().function([], []);
        for _ in 0..2 {
            functions.function(0);
            let mut body = Function::new([]);
            body.instructions().end();
            code.function(&body);
        }
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&code);
        let named = with_places(&module.finish()).unwrap();
        let text = String::from_utf8_lossy(&named);
        assert!(text.contains("name") && text.contains("000000") && text.contains("000001"));
    }
}
