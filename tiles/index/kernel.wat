;; The scan of the flat index: int8 rows against one int16 query, four rows at a time.
;;
;; For every row it forms   upper = float(dot) * scale[row] + error[row] * reach   and, where upper >= threshold,
;; appends (row number, dot) to the output. The caller chooses reach and threshold so that a row that is left out
;; cannot belong to the result (tiles/index/flat-index.ts has the proof).
;;
;; All addresses are bytes from 0; the memory is one bounded slab, far below 2 GiB.
(module
  (import "env" "memory" (memory 1))

  (func (export "scan")
    (param $rows i32)      ;; first row
    (param $stride i32)    ;; bytes per row, a multiple of 16
    (param $groups i32)    ;; number of rows / 4
    (param $scales i32)    ;; f32 per row
    (param $errors i32)    ;; f32 per row
    (param $query i32)     ;; i16, `stride` of them
    (param $first i32)     ;; number of the first row, as written to the output
    (param $reach f32)
    (param $threshold f32)
    (param $out i32)       ;; pairs of i32: row number, dot
    (result i32)           ;; how many pairs
    (local $start i32) (local $end i32) (local $q i32)
    (local $r1 i32) (local $r2 i32) (local $r3 i32) (local $mask i32)
    (local $a0 v128) (local $a1 v128) (local $a2 v128) (local $a3 v128)
    (local $low v128) (local $high v128) (local $dots v128)
    (local $reaches v128) (local $thresholds v128)

    (local.set $start (local.get $out))
    (local.set $reaches (f32x4.splat (local.get $reach)))
    (local.set $thresholds (f32x4.splat (local.get $threshold)))
    (block $done
      (loop $group
        (br_if $done (i32.eqz (local.get $groups)))
        (local.set $a0 (v128.const i32x4 0 0 0 0))
        (local.set $a1 (v128.const i32x4 0 0 0 0))
        (local.set $a2 (v128.const i32x4 0 0 0 0))
        (local.set $a3 (v128.const i32x4 0 0 0 0))
        (local.set $end (i32.add (local.get $rows) (local.get $stride)))
        (local.set $r1 (local.get $end))
        (local.set $r2 (i32.add (local.get $r1) (local.get $stride)))
        (local.set $r3 (i32.add (local.get $r2) (local.get $stride)))
        (local.set $q (local.get $query))
        (loop $columns
          (local.set $low (v128.load (local.get $q)))
          (local.set $high (v128.load offset=16 (local.get $q)))
          (local.set $a0 (i32x4.add (local.get $a0) (i32x4.add
            (i32x4.dot_i16x8_s (v128.load8x8_s (local.get $rows)) (local.get $low))
            (i32x4.dot_i16x8_s (v128.load8x8_s offset=8 (local.get $rows)) (local.get $high)))))
          (local.set $a1 (i32x4.add (local.get $a1) (i32x4.add
            (i32x4.dot_i16x8_s (v128.load8x8_s (local.get $r1)) (local.get $low))
            (i32x4.dot_i16x8_s (v128.load8x8_s offset=8 (local.get $r1)) (local.get $high)))))
          (local.set $a2 (i32x4.add (local.get $a2) (i32x4.add
            (i32x4.dot_i16x8_s (v128.load8x8_s (local.get $r2)) (local.get $low))
            (i32x4.dot_i16x8_s (v128.load8x8_s offset=8 (local.get $r2)) (local.get $high)))))
          (local.set $a3 (i32x4.add (local.get $a3) (i32x4.add
            (i32x4.dot_i16x8_s (v128.load8x8_s (local.get $r3)) (local.get $low))
            (i32x4.dot_i16x8_s (v128.load8x8_s offset=8 (local.get $r3)) (local.get $high)))))
          (local.set $q (i32.add (local.get $q) (i32.const 32)))
          (local.set $rows (i32.add (local.get $rows) (i32.const 16)))
          (local.set $r1 (i32.add (local.get $r1) (i32.const 16)))
          (local.set $r2 (i32.add (local.get $r2) (i32.const 16)))
          (local.set $r3 (i32.add (local.get $r3) (i32.const 16)))
          (br_if $columns (i32.lt_u (local.get $rows) (local.get $end))))
        (local.set $rows (local.get $r3))

        ;; Four sums of four lanes become one vector with one dot product per row: add pairs, then pairs of pairs.
        (local.set $low (i32x4.add
          (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a0) (local.get $a1))
          (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a0) (local.get $a1))))
        (local.set $high (i32x4.add
          (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a2) (local.get $a3))
          (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a2) (local.get $a3))))
        (local.set $dots (i32x4.add
          (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $low) (local.get $high))
          (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $low) (local.get $high))))

        (local.set $mask (i32x4.bitmask (f32x4.ge
          (f32x4.add
            (f32x4.mul (f32x4.convert_i32x4_s (local.get $dots)) (v128.load (local.get $scales)))
            (f32x4.mul (v128.load (local.get $errors)) (local.get $reaches)))
          (local.get $thresholds))))
        (if (local.get $mask)
          (then
            ;; Write each lane, and step on only where its bit is set.
            (i32.store (local.get $out) (local.get $first))
            (i32.store offset=4 (local.get $out) (i32x4.extract_lane 0 (local.get $dots)))
            (local.set $out (i32.add (local.get $out)
              (i32.shl (i32.and (local.get $mask) (i32.const 1)) (i32.const 3))))
            (i32.store (local.get $out) (i32.add (local.get $first) (i32.const 1)))
            (i32.store offset=4 (local.get $out) (i32x4.extract_lane 1 (local.get $dots)))
            (local.set $out (i32.add (local.get $out)
              (i32.shl (i32.and (local.get $mask) (i32.const 2)) (i32.const 2))))
            (i32.store (local.get $out) (i32.add (local.get $first) (i32.const 2)))
            (i32.store offset=4 (local.get $out) (i32x4.extract_lane 2 (local.get $dots)))
            (local.set $out (i32.add (local.get $out)
              (i32.shl (i32.and (local.get $mask) (i32.const 4)) (i32.const 1))))
            (i32.store (local.get $out) (i32.add (local.get $first) (i32.const 3)))
            (i32.store offset=4 (local.get $out) (i32x4.extract_lane 3 (local.get $dots)))
            (local.set $out (i32.add (local.get $out) (i32.and (local.get $mask) (i32.const 8))))))

        (local.set $scales (i32.add (local.get $scales) (i32.const 16)))
        (local.set $errors (i32.add (local.get $errors) (i32.const 16)))
        (local.set $first (i32.add (local.get $first) (i32.const 4)))
        (local.set $groups (i32.sub (local.get $groups) (i32.const 1)))
        (br $group)))
    (i32.shr_u (i32.sub (local.get $out) (local.get $start)) (i32.const 3)))
)
